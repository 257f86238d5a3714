"""All that the page says, in English and in Chinese."""

import re

from ..errors import GluonStyleError, Message, option
from ..machine import format_bytes, format_duration
from .chinese import in_chinese

# In the address, and as Quasar names them.
LANGUAGES = {"en": "en-US", "zh": "zh-CN"}
NAMES = {"en": "English", "zh": "中文"}
# Names of a run's pictures in its folder.
KIND = re.compile(r"(content|style|mask|init)(?:-([2-4]))?\.[a-z]{3,5}")
LONGEST = 1000  # letters of an error

# What the page says: English, Chinese.
TEXTS = {
    "title": ("Paint a photo in the style of a painting", "用一幅画的风格，重画一张照片"),
    "subtitle": (
        "Neural style transfer, as in Dive into Deep Learning. Your pictures stay on this machine.",
        "《动手学深度学习》的样式迁移。图片只留在这台机器上。",
    ),
    "pictures": ("Two pictures", "两张图片"),
    "content": ("Photo", "内容图像（照片）"),
    "style": ("Painting", "样式图像（画作）"),
    "choose": ("Choose, drop or paste", "点击选择，或拖入、粘贴"),
    "choose it": ("{}: choose a picture", "{}：选择图片"),
    "shipped": ("Use the one that comes with the package", "用自带的图片"),
    "remove": ("Remove", "去掉"),
    "remove it": ("Remove: {}", "去掉：{}"),
    "more pictures": ("More paintings, masks, another start", "更多画作、蒙版、起点"),
    "masks hint": (
        "A mask is white where it is painted, grey where in part; black keeps the photo. One mask "
        "holds for all paintings, or each has its own. Painting starts from the photo, unless "
        "you choose another picture.",
        "蒙版里白色的地方会画，灰色的只画一部分，黑色的保持照片原样。"
        "可以所有画作共用一张，或每幅画作各一张。不另选起点图像，就从照片开始画。",
    ),
    "mask": ("Mask", "蒙版"),
    "mask for all": ("Mask (for all paintings)", "蒙版（所有画作共用）"),
    "mask n": ("Mask of painting {}", "第 {} 幅画作的蒙版"),
    "style n": ("Painting {}", "样式图像 {}"),
    "add style": ("Add a painting", "再加一幅画作"),
    "share": ("How much it counts", "所占比重"),
    "share of": ("{}: how much it counts", "{}：所占比重"),
    "init": ("Start from", "起点图像"),
    "too big": ("more than {} MB: make it smaller", "超过 {} MB，请缩小后再试"),
    "not sent": ("it could not be sent, try again", "没有传送成功，请再试一次"),
    "kept": ("{}. The earlier picture is still used.", "{}。仍用原来的图片。"),
    "lost": (
        "The server has restarted: choose your pictures and options again.",
        "服务器重新启动过：请重新选择图片和选项。",
    ),
    "how": ("How it is painted", "怎么画"),
    "quick": ("Quick", "快速"),
    "one": ("Small", "小图"),
    "two": ("Large", "大图"),
    "own": ("My own", "自定"),
    "quick hint": (
        "A first look, with the small network.",
        "用自带的小网络先看一眼。",
    ),
    "one hint": ("The chapter's first stage: 300 pixels.", "本章的第一阶段：300 像素。"),
    "two hint": (
        "Both of the chapter's stages: 300 pixels, then 1200.",
        "本章的两个阶段：先 300 像素，再 1200 像素。",
    ),
    "own hint": ("Your own stages.", "自己定各个阶段。"),
    "stage": ("Stage", "阶段"),
    "size": ("Long side", "长边像素"),
    "epochs": ("Epochs", "迭代周期"),
    "decay": ("Rate falls after", "衰减间隔"),
    "add stage": ("Add a stage", "加一个阶段"),
    "remove stage": ("Remove stage {}", "去掉第 {} 阶段"),
    "balance": ("How much each counts", "三种损失的权重"),
    "more": ("More options", "更多选项"),
    "default": (" (default: {})", "（默认：{}）"),
    "comma": (", ", "，"),
    "none": ("none", "无"),
    "pictures group": ("Pictures", "图片"),
    "training group": ("Training", "训练"),
    "network group": ("Network", "网络"),
    "results group": ("Results", "结果"),
    "stopping and resuming group": ("Stopping and resuming", "停止与继续"),
    "will take": ("It will take {time} and {memory} of memory.", "需要{time}，内存 {memory}。"),
    "will take memory": (
        "It will take {memory} of memory. Measuring how long it takes…",
        "需要内存约 {memory}；正在测量这台机器的速度……",
    ),
    "tiled": ("It does not fit whole and is painted in tiles.", "内存放不下整张图，将分块计算。"),
    "real network": (
        "The real VGG-19 is downloaded first (80 MB, once). If that fails, the small network is "
        "used.",
        "用真正的 VGG-19。第一次要先下载（80 MB）；下载不了时改用自带的小网络。",
    ),
    "paint": ("Paint", "开始画"),
    "queue": ("Paint after that", "排队等候"),
    "waits": (
        "A run is paused: others wait until it is resumed and ends, or is stopped.",
        "有一幅已暂停：其他的要等它继续画完，或停止后，才会开始。",
    ),
    "cannot work": ("Style transfer does not work here yet.", "这台机器还不能做样式迁移。"),
    "easel": ("The picture", "合成图像"),
    "empty": (
        "Press “Paint”, and watch the picture here.",
        "点“开始画”，就能在这里看着它画出来。",
    ),
    "waiting": (
        "Waiting: one run is painted at a time; {} before this one",
        "排队中：一次只画一张，前面还有 {} 个",
    ),
    "queued": ("Waiting", "排队中"),
    "starting": ("Getting ready", "准备中"),
    "running": ("Painting", "正在画"),
    "paused": ("Paused", "已暂停"),
    "pausing": ("Pausing after this epoch", "这个周期结束后暂停"),
    "stopping": ("Stopping after this epoch", "这个周期结束后停止"),
    "stopped": ("Stopped", "已停止"),
    "finished": ("Finished", "画好了"),
    "failed": ("It did not work", "没有成功"),
    "progress": (
        "stage {stage} of {stages}, epoch {done} of {epochs}",
        "第 {stage}/{stages} 阶段，第 {done}/{epochs} 个周期",
    ),
    "time left": ("{} left", "还需{}"),
    "pause": ("Pause", "暂停"),
    "resume": ("Resume", "继续"),
    "again": ("Start again", "重新开始"),
    "stop": ("Stop", "停止"),
    "save": ("Save the picture", "保存图片"),
    "compare": (
        "Drag to lay the photo over the result",
        "拖动滑块，与照片对比",
    ),
    "now": ("now", "当前"),
    "strip": ("Along the way", "中间过程"),
    "epoch n": ("stage {stage}, epoch {epoch}", "第 {stage} 阶段，第 {epoch} 周期"),
    "curves": ("Losses", "损失曲线"),
    "content loss": ("content", "内容损失"),
    "style loss": ("style", "样式损失"),
    "tv loss": ("TV", "总变差损失"),
    "total loss": ("total", "总损失"),
    "losses": (
        "content {content:.2f}, style {style:.2f}, TV {tv:.2f}",
        "内容 {content:.2f}，样式 {style:.2f}，总变差 {tv:.2f}",
    ),
    "command": ("The command that makes the same picture", "得到同样结果的命令"),
    "gone": ("There is none: {} no longer exists.", "没有这个命令：{} 已经不在了。"),
    "copy": ("Copy", "复制"),
    "copied": ("Copied", "已复制"),
    "runs": ("Runs", "所有图画"),
    "interrupted": (
        "This run was stopped before its end. Its picture is kept, and it can be resumed.",
        "这次没有画完；画到一半的图还在，可以继续。",
    ),
    "result of": ("The result of {}", "{} 的结果"),
    "photo": ("The photo", "照片"),
    "skip": ("Skip to the picture", "跳到合成图像"),
}

# The options in Chinese: name and help; in English both are the command line's own.
OPTIONS = {
    "stages": ("阶段", "每个阶段的长边像素、迭代周期和衰减间隔"),
    "style_blend": ("画作的比重", "几幅画作各占多少；不填则都一样"),
    "style_fit": (
        "样式图像的比例",
        "样式图像怎样变成内容图像的比例：像本章那样拉伸（stretch），或从中间裁出（crop）；"
        "或保持完整和自己的比例（whole）",
    ),
    "background": ("背景", "内容图像有透明部分时：结果保持透明（keep），或铺在白色上（white）"),
    "book": ("书中的图片", "用书中的两张图片（下载一次），最后把书中的损失与我们的并列"),
    "style_scale": (
        "笔触大小",
        "样式图像的长边与结果长边之比，保持样式图像自己的比例；不填则缩放到结果的大小",
    ),
    "colors": (
        "颜色",
        "style：样式图像的颜色；content：先把样式图像的颜色变得像照片；luminance：只画明暗，颜色仍是照片的",
    ),
    "losses": (
        "损失",
        "本章的损失（chapter），或除以各自目标的大小（relative）：这样同一权重对任何两张图片意义都相同",
    ),
    "strength": (
        "画得多浓",
        "从照片（0）到画作（1）：样式权重乘以 100^(s - 0.5)，平滑权重乘以 10^(s - 0.5)，"
        "预先换色的程度乘以 3s（最多 1）",
    ),
    "recolor": (
        "预先换色",
        "照片的颜色预先向画作靠近多少：1 即均值和协方差与画作相同；只在颜色为 style 时有用",
    ),
    "resize": ("缩放方法", "bilinear（双线性，与本章相同），或 lanczos（不闪烁，也不模糊）"),
    "margin": ("边缘", "先把照片向外镜像长边的这一部分，最后再切掉：边缘没有接缝"),
    "init": ("起点", "第一阶段从照片（content）还是噪声（noise）开始"),
    "seed": ("随机种子", "噪声的随机种子"),
    "style_layer_weights": (
        "各样式层的权重",
        "从低到高，每个样式层一个数，用逗号隔开；不填则都是 1",
    ),
    "optimizer": ("优化算法", "Adam，与本章相同；或 L-BFGS，不需要学习率"),
    "draft": (
        "草稿阶段数",
        "前 N 个阶段用自带的小网络画（只要三分之一的时间），再由真正的网络接着画",
    ),
    "pooling": ("汇聚", "网络中的汇聚：max（训练时的最大汇聚）或 average（平均汇聚）"),
    "lr": ("学习率", "Adam 的学习率"),
    "content_weight": ("内容", "越大，越像照片"),
    "style_weight": ("样式", "越大，越像画作"),
    "tv_weight": ("平滑", "越大，结果越平滑"),
    "weights": (
        "网络",
        "VGG-19 的参数：auto（缓存里有的，否则下载，再不行用 small）、small（自带）、keras、zoo、"
        "torchvision",
    ),
    "style_layers": ("样式层", "VGG-19 中用来提取样式特征的层"),
    "content_layers": ("内容层", "VGG-19 中用来提取内容特征的层"),
    "ctx": ("设备", "在哪个设备上计算"),
    "precision": ("精度", "卷积的精度；auto 在处理器算得快时用 bfloat16"),
    "tile": (
        "分块",
        "每块 N 像素地计算，结果相同，内存很少，时间是 1.6 倍；auto 只在放不下时这样做",
    ),
    "format": ("图片格式", "保存的图片的格式"),
    "depth": ("位深", "每个颜色通道的位数；16 位只用于 png 和 tif"),
    "save_every": ("保存中间图", "每 N 个周期保存一张"),
    "animation": ("动画", "每个阶段做一个动画，从照片到结果"),
    "checkpoint_every": ("检查点间隔", "两个检查点之间的秒数；0 则每个周期一个"),
}
# In English, where the command's own words would stand alone.
LABELS = {
    "content_weight": "Photo",
    "style_weight": "Painting",
    "tv_weight": "Smoothness",
    "lr": "Learning rate",
    "init": "Start from",
    "ctx": "Device",
    "weights": "Network",
}


class Words:
    """The texts in one language."""

    def __init__(self, language):
        self.language = language
        self.column = list(LANGUAGES).index(language)

    def __call__(self, key, *values, **named):
        """A text, with values in its places."""
        text = TEXTS[key][self.column]
        return text.format(*values, **named) if values or named else text

    def label(self, name):
        """The name of an option."""
        plain = name.replace("_", " ").capitalize()
        if name in OPTIONS:
            return LABELS.get(name, plain) if self.language == "en" else OPTIONS[name][0]
        return TEXTS.get(name, (plain, plain))[self.column]

    def help(self, field):
        """The help of an option."""
        text = field.help
        if self.language == "zh" and field.name in OPTIONS:
            return OPTIONS[field.name][1]
        return text[:1].upper() + text[1:]

    def error(self, told):
        """An error, a warning, or what a command has said, in the page's words."""
        if isinstance(told, GluonStyleError):
            text = told.tell(self.quoted, self.phrase, self.file)
            if told.field:
                text = self.label(told.field) + self.phrase(": ") + text
            text = self.phrase("; ").join([text, *map(self.error, told.others)])
        elif isinstance(told, Message):  # whose further lines are for a terminal
            text = told.tell(self.quoted, self.phrase).split("\n")[0]
        else:
            text = told
        if len(text) > LONGEST:  # something was pasted
            text = f"{text[: LONGEST // 2]}…{text[-LONGEST // 2 :]}"
        return text

    def phrase(self, text):
        """A text of the errors in this language."""
        return in_chinese(text) if self.language == "zh" else text

    def quoted(self, name):
        """A setting that an error speaks of."""
        return f"“{self.label(name)}”" if name in OPTIONS else option(name)

    def file(self, path):
        """A file that an error speaks of, one of a run's pictures as the page calls it."""
        found = KIND.fullmatch(str(path))
        if not found:
            return str(path)
        name, number = found.groups()
        return self(f"{name} n", number) if number else self(name)

    def refused(self, error, is_kept):
        """Why an upload was refused, and whether there is an earlier picture; nothing for None."""
        if error is None:
            return ""
        return self("kept", self.error(error)) if is_kept else self.error(error)

    def duration(self, seconds):
        """A time in words."""
        text = format_duration(seconds)
        if self.language == "en":
            return text
        text = text.replace("about ", "约 ").replace(" h", " 小时").replace(" min", " 分钟")
        return re.sub(r" s$", " 秒", text)

    def bytes(self, number):
        """An amount of memory."""
        return format_bytes(number)


def preferred(accepted):
    """The language that a browser asks for: Chinese where it comes before English."""
    for part in accepted.lower().split(","):
        for language in LANGUAGES:
            if part.strip().startswith(language):
                return language
    return "en"
