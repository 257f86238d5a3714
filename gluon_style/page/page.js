// Choosing, dropping and pasting pictures; the line on the picture; the focus; copying.
const page = {
  texts: {}, language: "en", most: 0, lastKind: "content", focused: null,

  async send(kind, file) {
    const box = document.querySelector(`.drop[data-kind=${kind}]`);
    const own = box.querySelector(".own");  // the others are the server's
    if (!file) return;
    const say = (text) => {
      const said = file.name ? `${file.name}: ${text}` : text;
      own.textContent = /^(content|style)$/.test(kind) ? page.texts.kept.replace("{}", () => said) : said;
    };
    if (file.size > page.most) { say(page.texts.big); return; }
    own.textContent = "";
    box.classList.add("busy");
    try {
      const answer = await fetch(`${box.dataset.url}?language=${page.language}`, {
        method: "POST", body: file, headers: { "x-name": encodeURIComponent(file.name || "") },
      });
      if (answer.status === 413) say(page.texts.big);
      else if (answer.ok) sessionStorage.setItem("uploaded", box.dataset.url.split("/")[2]);
    } catch {
      say(page.texts.failed);
    }
    box.classList.remove("busy");
    box.querySelector("input[type=file]").value = "";
  },

  // Tell that something was uploaded for an earlier state of this tab, which has gone.
  lost(key) {
    const uploaded = sessionStorage.getItem("uploaded");
    if (!uploaded || uploaded === key) return;
    sessionStorage.removeItem("uploaded");
    document.getElementById("lost").textContent = page.texts.lost;
  },

  show() {  // the picture may be further up or down
    page.scroll("#easel");
    document.getElementById("easel").focus({ preventScroll: true });
    page.cutAt(0);
  },

  scroll(selector) {
    const element = document.querySelector(selector), { top } = element.getBoundingClientRect();
    if (top < 0 || top > window.innerHeight / 2) element.scrollIntoView({ block: "start" });
  },

  cut(value) { document.querySelector(".canvas").style.setProperty("--cut", `${value}%`); },
  cutAt(value) { document.getElementById("cut").value = value; page.cut(value); },

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

// What had the focus has it again when it is drawn anew; if it is gone, what stands beside it has.
const seen = (element) => element && element.getClientRects().length > 0;
const buttonsIn = (group) => group ? [...group.querySelectorAll("button, a[href]")] : [];
document.addEventListener("focusin", ({ target }) => {
  const group = target.closest("[role=group], .buttons, .drop, #easel");
  page.focused = { element: target, id: target.id, group };
});
document.addEventListener("pointerdown", () => { page.focused = null; });
new MutationObserver(() => {
  const { element, id, group } = page.focused || {};
  const active = document.activeElement, isLost = active === document.body || !seen(active);
  if (!element || !isLost || seen(element) || !document.hasFocus()) return;
  const again = id && document.getElementById(id);
  const next = [again, ...buttonsIn(group), document.getElementById("easel")].find(seen);
  if (next) next.focus({ preventScroll: true });
}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["class"] });

const boxOf = (event) => event.target.closest && event.target.closest(".drop");
document.addEventListener("change", (event) => {
  if (event.target.matches(".drop > input")) page.send(boxOf(event).dataset.kind, event.target.files[0]);
});
for (const name of ["focusin", "mouseover"]) {
  document.addEventListener(name, (event) => {
    if (boxOf(event)) page.lastKind = boxOf(event).dataset.kind;
  });
}
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
