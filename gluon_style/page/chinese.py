"""What the commands complain of and warn of, in Chinese."""

import re

# Phrases of the messages, wherever they stand in one: what is not among them stays in English.
# Those that are part of another come after it.
PHRASES = {
    # Pictures.
    r"more than (\d+ MB|[\d.]+ GB): make it smaller": r"超过 \1，请缩小后再试",
    r"more than (\d+) million pixels: make it smaller": r"超过 \1 百万像素，请缩小后再试",
    r"(\d+x\d+) pixels are more than (\d+) million: make it smaller": (
        r"\1 像素，超过 \2 百万像素，请缩小后再试"
    ),
    r"not enough memory to read it: make it smaller": "内存不够，读不了这张图片，请缩小后再试",
    r"not a picture that can be read": "不是能读取的图片",
    r"(?:damaged, or )?a TIFF of a kind that cannot be read": "损坏，或是不能读取的一种 TIFF",
    r"a TIFF with signed numbers, a kind that cannot be read": "带符号数的 TIFF，不能读取",
    r"a TIFF with compressed 32-bit numbers, the high byte first, a kind that cannot be read": (
        "压缩的、高位在前的 32 位 TIFF，不能读取"
    ),
    r"a TIFF with colours in planes, a kind that cannot be read": "颜色分平面存放的 TIFF，不能读取",
    r"a TIFF with a palette of 8-bit colours, a kind that cannot be read": (
        "调色板为 8 位颜色的 TIFF，不能读取"
    ),
    r": save it as PNG, or as a TIFF of 8-bit RGB": "，请另存为 PNG，或 8 位 RGB 的 TIFF",
    r"a camera's raw file: save it as JPEG or TIFF \(with the camera's own program, darktable or "
    r"RawTherapee\), and give that": (
        "相机的原始文件（RAW）：请用相机自带的软件、darktable 或 RawTherapee 存成 JPEG 或 TIFF "
        "后再选"
    ),
    r"a HEIC picture: save it as JPEG, or pip install pillow-heif": (
        "HEIC 图片：请另存为 JPEG，或运行 pip install pillow-heif"
    ),
    r"its values go from (\S+) to (\S+): (\S+) to (\S+) is wanted": (
        r"像素值从 \1 到 \2，应为 \3 到 \4"
    ),
    r"damaged \((.*)\)": r"文件损坏（\1）",
    r"not a file": "不是文件",
    r"No such file or directory": "没有这个文件或文件夹",
    r"it did not end within (\d+) s": r"\1 秒内没有读完，请缩小后再试",
    r"it crashed \(signal (\d+)\)": r"读取时程序崩溃（信号 \1），可能是内存不够，请缩小后再试",
    r"the first of its (\d+) frames is used": r"共 \1 帧，只用第一帧",
    r"a colour profile that cannot be used is ignored": "颜色配置文件不能用，已忽略",
    # Masks.
    r"the mask is black all over: what is white in it is painted": (
        "蒙版全是黑色；白色的地方才会画"
    ),
    r"has nothing white that is seen at (\d+x\d+), the size of a layer: paint more of it white, or "
    r"choose a larger size": (r"在 \1（某一层的大小）时看不到白色：请多涂一些白色，或选更大的尺寸"),
    r"has (\d+) for (\d+) styles: give one for all, or one for each": (
        r"有 \1 个，而样式图像有 \2 幅：请共用一个，或每幅各一个"
    ),
    r"has (\d+) for (\d+) styles: give one for each": (
        r"有 \1 个，而样式图像有 \2 幅：请每幅各给一个"
    ),
    r"has (\d+) for (\d+) style layers: give one for each": (
        r"有 \1 个，而样式层有 \2 个：请每层各给一个"
    ),
    # Sizes.
    r"(\d+x\d+) is too small": r"\1 太小",
    r"(\d+x\d+:\d+:\d+) is too small": r"阶段 \1 太小",
    r"(\d+) is too small: choose (\d+) or more": r"\1 太小，请填 \2 或更大",
    r"the chosen layers need at least (\d+x\d+) pixels": r"所选的层至少需要 \1 像素",
    r"its proportions of (\S+):1 \((\d+x\d+)\) make it (\d+x\d+) at a long side of (\d+), and ": (
        r"长宽比为 \1:1（\2），长边为 \4 时只有 \3，而"
    ),
    r": crop it, or choose a long side of (\d+) or more in all stages, as in (\S+)": (
        r"：请裁剪它，或把所有阶段的长边定为 \1 以上，例如 \2"
    ),
    r"(\S+) makes (\S+) (\d+x\d+) in stage (\S+), and ": r"\1 使 \2 在阶段 \4 只有 \3，而",
    r": choose a larger one": "：请选大一些",
    r"(\S+) makes a style picture (\d+x\d+), which the memory cannot hold: choose a smaller one": (
        r"\1 使样式图像变成 \2，内存放不下：请选小一些"
    ),
    r"(\d+x\d+) changes the proportions of (.+): (\d+x\d+) would keep them, as (\d+) alone does": (
        r"\1 改变了 \2 的长宽比：用 \3 不会变，只写 \4 也不会变"
    ),
    # Memory and disk.
    r"(\d+x\d+) needs (\S+ \S+) of memory even in tiles, and (\S+ \S+) can be had: the largest "
    r"size that fits is (\d+x\d+); choose it with --stages, or end other programs": (
        r"\1 即使分块也需要内存 \2，而可用的只有 \3：放得下的最大尺寸是 \4，"
        r"请选这个尺寸，或关闭其他程序"
    ),
    r"(\d+x\d+) needs more memory than can be had: choose --tile 128, a smaller size with "
    r"--stages, or end other programs": (
        r"\1 需要的内存比可用的多：请选 --tile 128、更小的尺寸，或关闭其他程序"
    ),
    r"off, and (\d+x\d+) does not fit: leave it out": r"为 off，而内存放不下 \1：请不要选它",
    r"there is too little memory to read it: end other programs": (
        "内存不够，读不了：请关闭其他程序"
    ),
    r"the run needs (\S+ \S+) of disk space, (\S+ \S+) are free: free some, or choose another "
    r"folder with --output": (
        r"需要磁盘空间 \1，只剩 \2：请腾出空间，或用 --output 选另一个文件夹"
    ),
    r"cannot be (?:written to|written|created): ": "不能写入：",
    r"No space left on device": "磁盘已满",
    r"Permission denied": "没有权限",
    r"Read-only file system": "文件系统只能读取",
    r"Disk quota exceeded": "超出磁盘配额",
    r"Input/output error": "读写出错",
    r"; set MXNET_HOME to a folder that can": "；请把 MXNET_HOME 设为可以写入的文件夹",
    r"another run is writing there: wait for it, or choose another folder": (
        "另一次运行正在写入：请等它结束，或选另一个文件夹"
    ),
    r"there is a file of that name, no folder": "有一个同名的文件，不是文件夹",
    r"no such folder": "没有这个文件夹",
    r"(\S+) exists: give another --output, (?:(--resume \S+) to go on with the run there, )?"
    r"or --overwrite to replace the results there": (
        r"\1 已存在：请用 --output 选另一个文件夹，\2 或用 --overwrite 替换那里的结果"
    ),
    # Options: what argparse says, and what the settings say.
    r"argument (--\S+): ": r"\1：",
    r"invalid float value: '(.*)'": r"“\1”不是数",
    r"invalid int value: '(.*)'": r"“\1”不是整数",
    r"'(.*)': a number is wanted": r"“\1”不是数",
    r"'(.*)': a whole number is wanted": r"“\1”不是整数",
    r"invalid choice: '?(.*?)'? \(choose from (.*?)\)": r"没有“\1”（可选 \2）",
    r"expected one argument": "缺少值",
    r"is given twice": "给了两次",
    r"; did you mean (.*)\?": r"；是不是 \1？",
    r"['\"](.*)['\"]: layer indices with commas between them are wanted, for example (\S+)": (
        r"“\1”：应为用逗号隔开的层号，例如 \2"
    ),
    r"['\"](.*)['\"]: numbers with commas between them are wanted, for example (\S+)": (
        r"“\1”：应为用逗号隔开的数，例如 \2"
    ),
    r": a whole number above 0 is wanted": "：应为大于 0 的整数",
    r": a number above 0 is wanted": "：应为大于 0 的数",
    r": a whole number of epochs above 0 is wanted": "：迭代周期数应为大于 0 的整数",
    r": a whole number from 0 to (\S+ - 1) is wanted": r"：应为 0 到 \1 的整数",
    r": a finite number above 0 is wanted": "：应为大于 0 的有限数",
    r": the learning rate is a finite number above 0": "：学习率应为大于 0 的有限数",
    r": a loss weight is a finite number, 0 or more": "：损失的权重应为有限数，不小于 0",
    r": each style's share is a finite number, 0 or more": (
        "：每幅样式图像的比重应为有限数，不小于 0"
    ),
    r": seconds, 0 or more": "：应为秒数，不小于 0",
    r"are all 0: give one of them a value above 0": "全是 0：至少一个要大于 0",
    r"and the other loss weights are all 0: nothing is left to minimise; give one of them a value "
    r"above 0": "和其他损失的权重全是 0，没有可以最小化的：至少一个要大于 0",
    r": 1, 2 or WxH:epochs:decay\S* is wanted, or the long side alone for WxH, for example (\S+)": (
        r"：应为 1、2，或每个阶段的“长边:迭代周期:衰减间隔”，长边也可写成“宽x高”，例如 \1"
    ),
    r": width, height, epochs and decay are whole numbers above 0, of at most (\S+)": (
        r"：宽、高、迭代周期和衰减间隔都应为大于 0 的整数，最多 \1"
    ),
    r": VGG-19's layers are (\d+) to (\d+)": r"：VGG-19 的层是 \1 到 \2",
    r": a layer is named twice": "：有一层写了两次",
    r"needs at least one layer": "至少要选一层",
    r": auto, off, or pixels, (\d+) or more, are wanted": r"：应为 auto、off，或像素数，至少 \1",
    r": one of (.*?) is wanted": r"：应为 \1 之一",
    r": letters, numbers and simple signs are wanted": "：只能用英文字母、数字和简单的符号",
    r": (\d+) or (\d+) bits are wanted": r"：应为 \1 或 \2 位",
    r"(\d+): (\w+) has 8 bits a colour: choose the format (\w+) or (\w+)": (
        r"\1 位：\2 每个颜色只有 8 位，请选格式 \3 或 \4"
    ),
    r"(\w+): the pictures themselves are called so: choose (\w+), or another format": (
        r"\1：图片本身就是这个格式，请选 \2，或换一种图片格式"
    ),
    r"jpg: knows no transparency, which the content picture has: choose another, or "
    r"--background white": (
        "jpg：不能有透明部分，而内容图像有：请换一种格式，或选 --background white"
    ),
    r"(\d+): (\w+) needs the package (\w+): pip install '(.*?)'": (
        r"\1 位：\2 格式需要软件包 \3，请运行 pip install '\4'"
    ),
    r"(\w+) or (?=[\w ]+ is wanted)": r"\1 或 ",
    r": (\w+ 或 .+) is wanted": r"：应为 \1",
    # Device and network.
    r"there is no NVIDIA GPU here": "这台机器没有 NVIDIA GPU",
    r"the last GPU here is (gpu\(\d+\))": r"这台机器最后一个 GPU 是 \1",
    r"this processor does not compute in bfloat16 \(it has no (\w+)\)": (
        r"这个处理器不能用 bfloat16 计算（没有 \1）"
    ),
    r" has no bfloat16 in (MXNet \S+)": r"在 \1 中没有 bfloat16",
    r"; use (--\w+ \w+)": r"；请用 \1",
    r"the network is the small VGG-19 that comes with gluon_style, a stand-in for the real one": (
        "用的是自带的小网络，代替真正的 VGG-19"
    ),
    r"; try again later, try (.*?), or take small, which comes with the package": (
        r"；请稍后再试，或试试 \1，或用自带的 small"
    ),
    r"what it sends is not the right file \(its checksum is another\)": (
        "传来的不是正确的文件（校验和不同）"
    ),
    r"what came is not the right file": "传来的不是正确的文件",
    r"no answer within (\S+) s": r"\1 秒内没有回应",
    r"it redirects in a loop": "循环重定向",
    r"cannot be reached": "连不上",
    r"the server says ": "服务器说 ",
    r"another process is downloading (\S+): waiting for it": r"另一个程序正在下载 \1，等它结束",
    r"downloading (\S+) to (.+)": r"正在把 \1 下载到 \2",
    r"downloading (\S+)": r"正在下载 \1",
    r"is damaged \(its checksum is wrong\) and is (?:not used|downloaded again)": (
        "已损坏（校验和不对），不使用它"
    ),
    r"the model zoo cannot be had": "模型库下载不了",
    r": no such file \(nor is it one of: (.*)\)": r"：没有这个文件（也不是 \1 之一）",
    r": it ends at layer (\d+), but layer (\d+) is needed; choose other layers or the whole "
    r"network's file": r"：这个网络只到第 \1 层，而需要第 \2 层；请选别的层，或完整的网络",
    r"the book's pictures cannot be had": "书中的图片下载不了",
    r"brings its own pictures: leave out --content and --style": (
        "自带图片：请不要再选内容图像和样式图像"
    ),
    # What happens on the way.
    r"epoch (\d+): the (\w+) loss is (\S+); the usual cause is a learning rate or a loss weight "
    r"that is too high, or weights on a wrong scale": (
        r"第 \1 个迭代周期：\2 损失为 \3；通常是学习率或某个损失的权重太大，或网络参数的尺度不对"
    ),
    r"the last picture that was in order is in (.+)": r"最后一张正常的合成图像在 \1",
    r"; to go on: (.+)": r"；继续请运行：\1",
    r"stage (\d+): the total loss was (\S+) at its end and (\S+) at its beginning, so the picture "
    r"is worse than before: a lower learning rate may help": (
        r"第 \1 阶段：总损失结束时为 \2，开始时为 \3，合成图像比之前更差：请试试更小的学习率"
    ),
    r"the picture is not judged": "没有评判这张合成图像",
    r"(\S+) is damaged \((.*)\); going back to the one before it": (
        r"\1 已损坏（\2）；用它之前的那一个"
    ),
    r"there is no checkpoint": "没有检查点",
    r"the run cannot be resumed, start it again": "不能继续，请重新开始",
    r"its format is (\S+), which another version of gluon_style writes: resume the run with that "
    r"one, or start a new one with another --output": (
        r"格式为 \1，是 gluon_style 的另一个版本写的：请用那个版本继续，或重新开始"
    ),
    r": not what the run was started with \(its checksum differs\): give that, or start a new run "
    r"with another --output": "：与开始时的不同（校验和不一样）：请用原来的，或重新开始",
    r"was (.+) and is now (.+): leave it out to resume the run, or start a new one with another "
    r"--output": r"原来是 \1，现在是 \2：请用原来的，或重新开始",
    r"interrupted": "已中断",
}
# The losses, as the messages call them.
TERMS = {"content": "内容", "style": "样式", "tv": "总变差", "total": "总"}


def alone(phrase):
    """A phrase that is no part of a path, of a file's name, or of what was typed."""
    before = r"(?<![A-Za-z0-9_/\\'“])" if phrase[0] not in ":; " else ""
    after = r"(?![A-Za-z0-9_/\\']|\.[A-Za-z0-9])" if phrase[-1].isalpha() else ""
    return re.compile(f"{before}(?:{phrase}){after}")


PATTERNS = [(alone(phrase), chinese) for phrase, chinese in PHRASES.items()]


def in_chinese(text):
    """A message with those of its phrases in Chinese that are known."""
    for pattern, chinese in PATTERNS:
        text = pattern.sub(chinese, text)
    text = re.sub(rf"\b({'|'.join(TERMS)}) 损失", lambda found: TERMS[found[1]] + "损失", text)
    return re.sub("(?<=[一-龥）”])([:;]) ", lambda found: {":": "：", ";": "；"}[found[1]], text)
