// Choosing, dropping and pasting pictures; the slider; copying.
const page = {
  texts: {}, language: "en", most: 0, lastKind: "content",

  async send(kind, file) {
    const box = document.querySelector(`.drop[data-kind=${kind}]`);
    const wrong = box.querySelector(".wrong");
    if (!file) return;
    const say = (text) => {
      const said = file.name ? `${file.name}: ${text}` : text;
      wrong.textContent = /^(content|style)$/.test(kind) ? page.texts.kept.replace("{}", () => said) : said;
    };
    if (file.size > page.most) { say(page.texts.big); return; }
    wrong.textContent = "";
    box.classList.add("busy");
    try {
      const answer = await fetch(`${box.dataset.url}?language=${page.language}`, {
        method: "POST", body: file, headers: { "x-name": encodeURIComponent(file.name || "") },
      });
      if (answer.status === 413) say(page.texts.big);
      else if (answer.ok) sessionStorage.setItem("selection", box.dataset.url.split("/")[2]);
      else wrong.textContent = (await answer.json()).error;
    } catch {
      say(page.texts.failed);
    }
    box.classList.remove("busy");
    box.querySelector("input[type=file]").value = "";
  },

  // What was uploaded goes with the server: whether something has, of an earlier selection.
  lost(selection) {
    const uploaded = sessionStorage.getItem("selection");
    if (!uploaded || uploaded === selection) return false;
    page.forget();
    return true;
  },

  forget() { sessionStorage.removeItem("selection"); },

  show() {  // the picture may be further down, or above a long list of options
    const easel = document.getElementById("easel");
    easel.focus({ preventScroll: true });
    const { top } = easel.getBoundingClientRect();
    if (top < 0 || top > window.innerHeight / 2) easel.scrollIntoView({ block: "start" });
  },

  cut(value) {
    const canvas = document.querySelector(".canvas");
    canvas.style.setProperty("--cut", `${value}%`);
    canvas.classList.toggle("cutting", value > 0 && value < 100);
  },

  copy(button) {
    const area = document.createElement("textarea");
    area.value = document.querySelector(".command").textContent;
    document.body.append(area);
    area.select();
    document.execCommand("copy");  // works without HTTPS, too
    area.remove();
    button.focus();
  },
};

const boxOf = (event) => event.target.closest && event.target.closest(".drop");
document.addEventListener("change", (event) => {
  if (event.target.matches(".drop > input")) page.send(boxOf(event).dataset.kind, event.target.files[0]);
});
document.addEventListener("focusin", (event) => {
  if (boxOf(event)) page.lastKind = boxOf(event).dataset.kind;
});
document.addEventListener("mouseover", (event) => {
  if (boxOf(event)) page.lastKind = boxOf(event).dataset.kind;
});
document.addEventListener("dragover", (event) => {
  event.preventDefault();  // else a picture that misses would be opened in place of the page
  document.querySelectorAll(".drop").forEach((box) =>
    box.classList.toggle("over", box === boxOf(event)));
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  document.querySelectorAll(".drop.over").forEach((box) => box.classList.remove("over"));
  if (boxOf(event)) page.send(boxOf(event).dataset.kind, event.dataTransfer.files[0]);
});
document.addEventListener("paste", (event) => {
  const file = [...event.clipboardData.files].find((each) => each.type.startsWith("image/"));
  if (file) { event.preventDefault(); page.send(page.lastKind, file); }
});
