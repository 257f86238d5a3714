"""The Chinese of errors, warnings and the notebook, by their English; needs no library."""

CHINESE = {
    # Between the parts.
    ": ": "：",
    "; ": "；",
    " or ": " 或 ",
    "{this} and {other}": "{this}，{other}",
    "{this}, then: {then}": "{this}，再运行：{then}",
    "{value}: {reason}": "{value}：{reason}",
    "{host}: {problem}": "{host}：{problem}",
    "{gpu}: {why}": "{gpu}：{why}",
    "{error}": "{error}",
    "run: {commands}": "请运行：{commands}",
    "run: {uninstall}, then: {install}": "请运行：{uninstall}，再运行：{install}",
    "did you mean {name}?": "是不是 {name}？",
    # Pictures.
    "make it smaller": "请缩小后再试",
    "more than {most} MB": "超过 {most} MB",
    "all visitors' pictures are more than {most} MB": "所有访客的图片一共超过 {most} MB",
    "try again later": "请稍后再试",
    "{width}x{height} pixels need {needed} of memory, and {free} are free": (
        "{width}x{height} 像素需要 {needed} 内存，现在只有 {free} 可用"
    ),
    "the folder of the pictures cannot be written: {reason}": "存放图画的文件夹不能写入：{reason}",
    "more than {most:.1f} GB": "超过 {most:.1f} GB",
    "more than {most} million pixels": "超过 {most} 百万像素",
    "{size} pixels are more than {most} million": "{size} 像素，超过 {most} 百万像素",
    "not enough memory to read it": "内存不够，读不了这张图片",
    "not a picture that can be read": "不是能读取的图片",
    "damaged, or a {format} of a kind that cannot be read": "损坏，或是不能读取的一种 {format}",
    "damaged, or a {format} of a kind that cannot be read ({error})": (
        "损坏，或是不能读取的一种 {format}（{error}）"
    ),
    "picture": "图片",
    "{format}, not a picture that can be read": "{format}，不是能读取的图片",
    "save it as PNG": "请另存为 PNG",
    "an EPS drawing": "EPS 图形",
    "save it as PNG, or install Ghostscript": "请另存为 PNG，或安装 Ghostscript",
    "a {format} with {what}, a kind that cannot be read": "{what}的 {format}，不能读取",
    "32 bits a pixel": "每像素 32 位",
    "numbers of other than 8 bits": "不是 8 位",
    "a palette that names a colour twice": "调色板里有重复颜色",
    "signed numbers": "带符号数",
    "compressed 32-bit numbers, the high byte first": "压缩的、高位在前的 32 位",
    "colours in planes": "颜色分平面存放",
    "a palette of 8-bit colours": "调色板为 8 位颜色",
    "save it as PNG, or as a TIFF of 8-bit RGB": "请另存为 PNG，或 8 位 RGB 的 TIFF",
    "a camera's raw file": "相机的原始文件（RAW）",
    "save it as JPEG or TIFF (with the camera's own program, darktable or RawTherapee), and give "
    "that": "请用相机自带的软件、darktable 或 RawTherapee 存成 JPEG 或 TIFF 后再选",
    "a HEIC picture": "HEIC 图片",
    "save it as JPEG, or pip install pillow-heif": (
        "请另存为 JPEG，或运行 pip install pillow-heif"
    ),
    "an array of {dtype}, shape {shape}: numbers in the shape (height, width, 3) are wanted, or 4 "
    "with transparency, or (height, width)": (
        "数组的类型为 {dtype}，形状为 {shape}：应为形状是（高, 宽, 3）的数，有透明度时是 4，"
        "或（高, 宽）"
    ),
    "in an array of {dtype} values from 0 to {most} are wanted": (
        "{dtype} 数组的值应为 0 到 {most}"
    ),
    "its values range from {low:g} to {high:g}: 0 to {most} is wanted": (
        "像素值从 {low:g} 到 {high:g}，应为 0 到 {most}"
    ),
    "damaged ({error})": "文件损坏（{error}）",
    "not a file": "不是文件",
    "{count} pictures: the page has room for {most}": "{count} 张图：页面只放得下 {most} 张",
    "it did not end within {timeout:g} s": "{timeout:g} 秒内没有读完，请缩小后再试",
    "it crashed (signal {number})": (
        "读取时程序崩溃（信号 {number}），可能是内存不够，请缩小后再试"
    ),
    "exit status {status}": "退出状态 {status}",
    "%s: the first of its %d frames is used": "%s：共 %d 帧，只用第一帧",
    "a colour profile that cannot be used is ignored": "颜色配置文件不能用，已忽略",
    "%s: its colours are told as %s, which is not read: they are taken for sRGB": (
        "%s：颜色以 %s 说明，不能读取，按 sRGB 处理"
    ),
    "%s: its values from %g to %g are taken for 0 (black) to %d (white)": (
        "%s：像素值从 %g 到 %g，按 0（黑）到 %d（白）处理"
    ),
    "the suffix tells the format of a picture: {formats} can be written": (
        "图片的格式由后缀决定，可以写的有 {formats}"
    ),
    "it does not tell how it was made": "没有写明是怎样做出来的",
    "only pictures that gluon_style has written do, as long as no other program has saved them": (
        "只有 gluon_style 写的、没有被其他程序另存过的图片才写明"
    ),
    # Masks.
    "the mask is black all over": "蒙版全是黑色",
    "what is white in it is painted": "白色的地方才会画",
    "has nothing white that is seen at {size}, the size of a layer": (
        "在 {size}（某一层的大小）时看不到白色"
    ),
    "paint more of it white, or choose a larger size": "请多涂一些白色，或选更大的尺寸",
    # Sizes.
    "{size} is too small: {enough}": "{size} 太小，{enough}",
    "{stage} is too small: {enough}": "阶段 {stage} 太小，{enough}",
    "the chosen layers need at least {least} pixels": "所选的层至少需要 {least} 像素",
    "its proportions of {proportions}:1 ({size}) make it {shape} at a long side of {long}, and "
    "{enough}": "长宽比为 {proportions}:1（{size}），长边为 {long} 时只有 {shape}，而{enough}",
    "crop it, or choose a long side of {fitting} or more in all stages, as in {example}": (
        "请裁剪它，或把所有阶段的长边定为 {fitting} 以上，例如 {example}"
    ),
    "{scale} makes {name} {shape} in stage {stage}, and {enough}": (
        "{scale} 使 {name} 在阶段 {stage} 只有 {shape}，而{enough}"
    ),
    "choose a larger one": "请选大一些",
    "%s changes the proportions of %s: %s would keep them, as %d alone does": (
        "%s 改变了 %s 的长宽比：用 %s 不会变，只写 %d 也不会变"
    ),
    "{drafts}: the small network ends at layer {end}, but layer {needed} is needed": (
        "{drafts}：小网络只到第 {end} 层，而需要第 {needed} 层"
    ),
    "choose other layers, or leave it out": "请选别的层，或不要选它",
    # Formats.
    "{format}: knows no transparency, which the content picture has": (
        "{format}：不能有透明部分，而内容图像有"
    ),
    "choose another, or {background} white": "请换一种格式，或选{background} white",
    "{depth}: {format} needs the package {package}": (
        "{depth} 位：{format} 格式需要软件包 {package}"
    ),
    "run: python -m pip install {package}": "请运行 python -m pip install {package}",
    "python -m gluon_style.batch paints all pictures of a folder": (
        "python -m gluon_style.batch 可以画整个文件夹的图片"
    ),
    "%s, %s, is smaller than the result, %s: detail will be soft": (
        "%s（%s）比结果（%s）小：细节会比较模糊"
    ),
    # Numbers.
    "{value}: a number from {least} to {most} is wanted": (
        "{value}：应为 {least} 到 {most} 之间的数"
    ),
    "{value}: a port from 0 to 65535 is wanted": "{value}：端口应在 0 到 65535 之间",
    # Memory, disk, folders.
    "{free} of memory are free, and even a small picture needs {needed}": (
        "空闲内存只有 {free}，而小图也需要 {needed}"
    ),
    "MXNet needs the docstrings of its own, which this Python leaves out": (
        "MXNet 需要它自己的文档字符串，而这个 Python 把它们去掉了"
    ),
    "run it without -OO, and without PYTHONOPTIMIZE=2": "请不要用 -OO，也不要设 PYTHONOPTIMIZE=2",
    "this process may take {most} of memory, and MXNet alone takes {needed}": (
        "这个进程最多能用 {most} 内存，而单是 MXNet 就要 {needed}"
    ),
    "raise its limit, as with: ulimit -v unlimited -d unlimited": (
        "请放宽限制，例如：ulimit -v unlimited -d unlimited"
    ),
    "end other programs, or raise the limit of this process or its container": (
        "请关闭其他程序，或放宽这个进程或容器的内存限制"
    ),
    "{size} needs {needed} of memory even in tiles, and {free} are free: the largest size that "
    "fits is {fitting}": (
        "{size} 即使分块也需要内存 {needed}，而可用的只有 {free}：放得下的最大尺寸是 {fitting}"
    ),
    "choose that or a smaller one, or end other programs": "请选这个或更小的尺寸，或关闭其他程序",
    "{size} needs {needed} of memory with a loss of your own, which cannot be computed in tiles, "
    "and {free} are free": (
        "用自己的损失时 {size} 需要内存 {needed}（不能分块计算），而可用的只有 {free}"
    ),
    "choose a smaller size with {stages}, or end other programs": (
        "请用{stages}选更小的尺寸，或关闭其他程序"
    ),
    "{scale} makes a style picture {shape}, which the memory cannot hold": (
        "{scale} 使样式图像变成 {shape}，内存放不下"
    ),
    "choose a smaller one": "请选小一些",
    "off, and {size} does not fit": "为 off，而内存放不下 {size}",
    "leave it out": "请不要选它",
    "{size} needs more memory than is free": "{size} 需要的内存比可用的多",
    "choose {tile} 128, a smaller size with {stages}, or end other programs": (
        "请选{tile} 128、用{stages}选更小的尺寸，或关闭其他程序"
    ),
    "a loss of your own cannot be computed in tiles": "自己的损失不能分块计算",
    "there is too little memory to read it": "内存不够，读不了",
    "end other programs": "请关闭其他程序",
    "the run needs {needed} of disk space, {free} are free": "需要磁盘空间 {needed}，只剩 {free}",
    "free some, or choose another folder with {output}": "请腾出空间，或用 {output} 选另一个文件夹",
    "cannot be written: {reason}": "不能写入：{reason}",
    "cannot be written to: {reason}": "不能写入：{reason}",
    "cannot be used: {reason}": "不能使用：{reason}",
    "cannot be read: {reason}": "不能读取：{reason}",
    "mend that and try again": "请修好后再试",
    "No such file or directory": "没有这个文件或文件夹",
    "No space left on device": "磁盘已满",
    "Permission denied": "没有权限",
    "Read-only file system": "文件系统只能读取",
    "Disk quota exceeded": "超出磁盘配额",
    "Input/output error": "读写出错",
    "Name or service not known": "找不到这个地址",
    "Temporary failure in name resolution": "暂时查不到这个地址",
    "Connection refused": "对方拒绝连接",
    "Connection reset by peer": "连接被对方断开",
    "Connection timed out": "连接超时",
    "Network is unreachable": "没有网络",
    "No route to host": "到不了这台机器",
    "Is a directory": "是文件夹",
    "this user has no home directory": "这个用户没有主目录",
    "write the whole path": "请写完整的路径",
    "set MXNET_HOME to a folder that can": "请把 MXNET_HOME 设为可以写入的文件夹",
    "set MXNET_HOME to a folder for the weights": "请把 MXNET_HOME 设为放参数的文件夹",
    "another run is writing there": "另一次运行正在写入",
    "wait for it, or choose another folder": "请等它结束，或选另一个文件夹",
    "there is a file of that name, no folder": "有一个同名的文件，不是文件夹",
    "no such folder": "没有这个文件夹",
    "this is the folder of the results, in which the picture will be {picture}": (
        "这是放结果的文件夹，图片会是其中的 {picture}"
    ),
    "give it a folder's name, such as {folder}": "请用文件夹的名字，例如 {folder}",
    "{name} exists": "{name} 已存在",
    "give another {output}, or {overwrite} to replace the results there": (
        "请用 {output} 选另一个文件夹，或用 {overwrite} 替换那里的结果"
    ),
    "give another {output}, {resume} {folder} to resume the run there, or {overwrite} to replace "
    "the results there": (
        "请用 {output} 选另一个文件夹，用 {resume} {folder} 继续那里的运行，或用 {overwrite} "
        "替换那里的结果"
    ),
    # The page's own server.
    "{port} is taken": "{port} 已被占用",
    "choose another": "请换一个",
    "the page needs NiceGUI": "网页需要 NiceGUI",
    # Device.
    "{value}: one of {choices} is wanted": "没有“{value}”：应为 {choices} 之一",
    "there is no NVIDIA GPU here": "这台机器没有 NVIDIA GPU",
    "the last GPU here is gpu({number})": "这台机器最后一个 GPU 是 gpu({number})",
    "%s; using the CPU": "%s；改用 CPU",
    "use {ctx} cpu": "请用{ctx} cpu",
    "use {precision} float32": "请用{precision} float32",
    "this processor does not compute in bfloat16 (it has no AVX512_BF16)": (
        "这个处理器不能用 bfloat16 计算（没有 AVX512_BF16）"
    ),
    "the environment variable DNNL_MAX_CPU_ISA={limit} forbids AVX512_BF16": (
        "环境变量 DNNL_MAX_CPU_ISA={limit} 禁用了 AVX512_BF16"
    ),
    "{ctx} has no bfloat16 in MXNet 1.9.1": "{ctx} 在 MXNet 1.9.1 中没有 bfloat16",
    "compute capability {capability}; mxnet-cu112 1.9.1 has code {bound}": (
        "计算能力 {capability}；mxnet-cu112 1.9.1 {bound}"
    ),
    "up to 8.6": "只支持到 8.6",
    "from 5.0 on": "从 5.0 起才支持",
    "its driver runs CUDA up to {cuda}; mxnet-cu112 1.9.1 needs a driver for CUDA 11.0 or later "
    "(450.80.02 or newer)": (
        "驱动只支持到 CUDA {cuda}；mxnet-cu112 1.9.1 需要支持 CUDA 11.0 的驱动（450.80.02 或更新）"
    ),
    "the mxnet wheel that is installed computes on the CPU only; for the GPU see python -m "
    "gluon_style.doctor": (
        "安装的 mxnet 只能用 CPU；要用 GPU，请运行 python -m gluon_style.doctor"
    ),
    "a small convolution failed on it: {why}": "在它上面试算卷积失败：{why}",
    "the NVIDIA driver cannot be asked: {why}": "NVIDIA 驱动没有回应：{why}",
    "the NVIDIA driver answers with CUDA error {error}; see what nvidia-smi says; after an update "
    "of the driver, restart the machine": (
        "NVIDIA 驱动报告 CUDA 错误 {error}；请看 nvidia-smi 的输出；驱动更新后请重启"
    ),
    "mxnet-cu112 cannot compute, not even on the CPU, with this driver ({why})": (
        "有这个驱动时 mxnet-cu112 连 CPU 也不能用（{why}）"
    ),
    "mxnet-cu112 needs the NVIDIA driver (libcuda.so.1), which this machine does not have": (
        "mxnet-cu112 需要 NVIDIA 驱动（libcuda.so.1），而这台机器没有"
    ),
    "install the driver, or for the CPU run: {commands}": (
        "请安装驱动；只用 CPU 则请运行：{commands}"
    ),
    "mxnet-cu112 needs {libraries}, not found here": "mxnet-cu112 需要 {libraries}，没有找到",
    # What MXNet needs.
    "NumPy is not installed": "没有安装 NumPy",
    "MXNet 1.9.1 cannot work with NumPy {version} ({error})": (
        "MXNet 1.9.1 不能与 NumPy {version} 一起用（{error}）"
    ),
    "{names}: not installed": "没有安装 {names}",
    "gluon_style's environment is not the one that runs: {python} has no MXNet, and {problem}": (
        "运行的不是 gluon_style 的环境：{python} 没有 MXNet，而且{problem}"
    ),
    "{wheels} are both installed, into the same folder": "{wheels} 都装在同一个文件夹里",
    "MXNet is not installed": "没有安装 MXNet",
    "MXNet needs {name}, which is not installed": "MXNet 需要 {name}，没有安装",
    "MXNet's library cannot be loaded ({error})": "MXNet 的库加载不了（{error}）",
    "MXNet's files are missing": "MXNet 的文件不全",
    # Network and downloads.
    "the download failed (%s): painting with the small VGG-19 that comes with the package\n"
    "for the real one (80 MB, once): python -m gluon_style.weights --source keras (or "
    "torchvision, from other hosts), then run again; --weights small stops this notice": (
        "下载失败（%s）：用自带的小网络来画，代替真正的 VGG-19\n"
        "要用真正的网络（80 MB，只下载一次）：python -m gluon_style.weights --source keras"
        "（或 torchvision，从别处下载），再重新运行；选 --weights small 就不再提示"
    ),
    "the download failed (%s): painting with the small VGG-19 that comes with the package\n"
    "for the real one (80 MB, once): run this cell again with a network; weights = 'small' in "
    "Parameters stops this notice": (
        "下载失败（%s）：用自带的小网络来画，代替真正的 VGG-19\n"
        "要用真正的网络（80 MB，只下载一次）：联网后重新运行这个单元格；"
        "在参数里写上 weights = 'small' 就不再提示"
    ),
    "try again later, try {others}, or take small, which comes with the package": (
        "请稍后再试，或试试 {others}，或用自带的 small"
    ),
    "what it sends is not the right file (its checksum is another)": (
        "传来的不是正确的文件（校验和不同）"
    ),
    "what came is not the right file": "传来的不是正确的文件",
    "no answer within {timeout} s": "{timeout} 秒内没有回应",
    "it sends too slowly": "传送太慢",
    "it redirects in a loop": "循环重定向",
    "cannot be reached ({reason})": "连不上（{reason}）",
    "the server says {status}": "服务器说 {status}",
    "the server does not send parts of a file": "服务器不能只传文件的一部分",
    "{count} bytes came instead of {length}": "传来 {count} 字节，应为 {length}",
    "not VGG-19's weights ({error})": "不是 VGG-19 的参数（{error}）",
    "an address that begins with http:// or https:// is wanted (several with commas between "
    "them)": ("应为以 http:// 或 https:// 开头的地址（几个地址用逗号隔开）"),
    "another process is downloading %s: waiting for it": "另一个程序正在下载 %s，等它结束",
    "downloading %s": "正在下载 %s",
    "%s: %d of %d MB": "%s：已下载 %d MB，共 %d MB",
    "%s is damaged (its checksum is wrong) and is not used": "%s 已损坏（校验和不对），不使用它",
    "%s is damaged (its checksum is wrong) and is downloaded again": (
        "%s 已损坏（校验和不对），重新下载"
    ),
    "%s; it is not used": "%s；不使用它",
    "the model zoo cannot be downloaded: {reason}": "模型库下载不了：{reason}",
    "the model zoo's host has stopped sending": "模型库的服务器不再传送",
    "MXNET_GLUON_REPO may name a mirror; {weights} keras has another source": (
        "可以用 MXNET_GLUON_REPO 指定镜像；或选{weights} keras，另有来源"
    ),
    "try again, or use {weights} keras": "请再试一次，或选{weights} keras",
    "{said}: run: python -m pip install 'gluoncv>=0.10,<0.11'": (
        "{said}：请运行 python -m pip install 'gluoncv>=0.10,<0.11'"
    ),
    "{said}: run: apt-get install libgl1 libglib2.0-0, or use {weights} keras": (
        "{said}：请运行 apt-get install libgl1 libglib2.0-0，或选{weights} keras"
    ),
    "try again": "请再试一次",
    "no such file (nor is it one of: {names})": "没有这个文件（也不是 {names} 之一）",
    "a file of {suffixes} is wanted": "应为 {suffixes} 文件",
    "it ends at layer {last}, but layer {needed} is needed": (
        "这个网络只到第 {last} 层，而需要第 {needed} 层"
    ),
    "the weights end at layer {end}, but layer {needed} is needed": (
        "网络参数只到第 {end} 层，而需要第 {needed} 层"
    ),
    "choose other layers, or the weights of the whole network": "请选别的层，或完整网络的参数",
    "extract_features: the network comes first, and the layers are one object": (
        "extract_features：网络是第一个参数，各层是一个对象"
    ),
    "call extract_features(net, X, Layers(style_layers, content_layers))": (
        "请调用 extract_features(net, X, Layers(style_layers, content_layers))"
    ),
    "choose other layers or the whole network's file": "请选别的层，或完整的网络",
    "it was changed while it was read": "读取时文件有变化",
    "install gluon_style again": "请重新安装 gluon_style",
    "copy both again": "请重新复制这两个文件",
    "damaged, not a description of weights ({kind}: {error})": (
        "损坏，不是参数的说明（{kind}: {error}）"
    ),
    "damaged, or not the file that {description} describes (its checksum is another)": (
        "损坏，或不是 {description} 所说的文件（校验和不同）"
    ),
    "%s: no %s beside it, so it cannot be verified": "%s：旁边没有 %s，无法核对",
    "not a readable {kind} file: {error}": "不是能读取的 {kind} 文件：{error}",
    "the weights give features that are not finite": "这些参数给出的特征不是有限数",
    "use others": "请换别的参数",
    "a name that ends in .params is wanted": "名字应以 .params 结尾",
    "there is no folder {folder}": "没有文件夹 {folder}",
    "{each} exists": "{each} 已存在",
    "{overwrite} replaces it": "用 {overwrite} 替换它",
    "the bias of {name}": "{name} 的偏置",
    "not VGG-19: {name} has shape {found} instead of {expected}": (
        "不是 VGG-19：{name} 的形状是 {found}，应为 {expected}"
    ),
    "not VGG-19: none of its convolutions is in the file": "不是 VGG-19：文件里没有它的卷积层",
    "not a whole VGG-19: {name} is missing": "不是完整的 VGG-19：缺少 {name}",
    "{name} holds values that are not finite": "{name} 里有不是有限的数",
    "brings its own pictures": "自带图片",
    "leave out {content} and {style}": "请不要再选{content}和{style}",
    # Options.
    "'{value}': a number is wanted": "“{value}”不是数",
    "'{value}': a whole number is wanted": "“{value}”不是整数",
    "'{value}': a whole number above 0 is wanted": "'{value}'：应为大于 0 的整数",
    "a whole number above 0 is wanted": "应为大于 0 的整数",
    "{value}: a whole number above 0 is wanted": "{value}：应为大于 0 的整数",
    "'{value}': layer indices or names with commas between them are wanted, for example 0,5,10 or "
    "conv1_1,conv2_1": "“{value}”：应为用逗号隔开的层号或层名，例如 0,5,10 或 conv1_1,conv2_1",
    "'{value}': numbers with commas between them are wanted, for example 0.7,0.3": (
        "“{value}”：应为用逗号隔开的数，例如 0.7,0.3"
    ),
    "{value}: a list like [0, 5, 10] is wanted": "{value}：应为 [0, 5, 10] 这样的列表",
    "{value}: a list like [0.7, 0.3] is wanted": "{value}：应为 [0.7, 0.3] 这样的列表",
    "and the other loss weights are all 0: nothing is left to minimise; give one of them a value "
    "above 0": "和其他损失的权重全是 0，没有可以最小化的：至少一个要大于 0",
    "are all 0": "全是 0",
    "give one of them a value above 0": "至少一个要大于 0",
    "is for a single stage, and there are several": "只用于一个阶段，而这里有几个",
    "needs at least one layer": "至少要选一层",
    "needs at least one picture": "至少要有一张图片",
    "needs at least one stage": "至少要有一个阶段",
    "has {found} for {count} styles": "有 {found} 个，而样式图像有 {count} 幅",
    "has {found} for {count} style layers": "有 {found} 个，而样式层有 {count} 个",
    "give one for each": "请每个各给一个",
    "give one for all, or one for each": "请共用一个，或每个各给一个",
    "{animation}: the pictures themselves are called so: choose {other}, or another format": (
        "{animation}：图片本身就是这个格式，请选 {other}，或换一种图片格式"
    ),
    "{depth}: {format} has 8 bits a colour: choose the format {formats}": (
        "{depth} 位：{format} 每个颜色只有 8 位，请选格式 {formats}"
    ),
    "{layers}: a layer is named twice": "{layers}：有一层写了两次",
    "{layer}: VGG-19's layers are 0 to {last}": "{layer}：VGG-19 的层是 0 到 {last}",
    "{stage}: width, height, epochs and decay are whole numbers above 0, of at most {most}": (
        "{stage}：宽、高、迭代周期和衰减间隔都应为大于 0 的整数，最多 {most}"
    ),
    "{value}: 1, 2 or WxH:epochs:decay[,WxH:epochs:decay...] is wanted, or the long side alone "
    "for WxH, for example 600:500:200": (
        "{value}：应为 1、2，或每个阶段的“长边:迭代周期:衰减间隔”，长边也可写成“宽x高”，"
        "例如 600:500:200"
    ),
    "{value}: a finite number above 0 is wanted": "{value}：应为大于 0 的有限数",
    "{value}: a loss weight is a finite number, 0 or more": (
        "{value}：损失的权重应为有限数，不小于 0"
    ),
    "{value}: a number of stages, 0 or more, is wanted": "{value}：应为阶段数，不小于 0",
    "{value}: a number from 0 to 1 is wanted": "{value}：应为 0 到 1 的数",
    "goes with the recipes {recipes}": "只用于配方 {recipes}",
    "choose one of them, or give {stages}": "请选其中一个，或给出{stages}",
    "cannot be combined with {other}": "不能与{other}同时使用",
    "leave one out": "请去掉其中一个",
    "{value}: a path is wanted": "{value}：应为路径",
    "{value}: a whole number from 0 to 2**32 - 1 is wanted": "{value}：应为 0 到 2**32 - 1 的整数",
    "{value}: a whole number of epochs above 0 is wanted": "{value}：迭代周期数应为大于 0 的整数",
    "{value}: auto, off, or pixels, {least} or more, are wanted": (
        "{value}：应为 auto、off，或像素数，至少 {least}"
    ),
    "{value}: each style's share is a finite number, 0 or more": (
        "{value}：每幅样式图像的比重应为有限数，不小于 0"
    ),
    "{value}: letters, numbers and simple signs are wanted": (
        "{value}：只能用英文字母、数字和简单的符号"
    ),
    "{value}: seconds, 0 or more": "{value}：应为秒数，不小于 0",
    "{value}: the learning rate is a finite number above 0": "{value}：学习率应为大于 0 的有限数",
    "{value}: {choices} is wanted": "没有“{value}”：应为 {choices}",
    "{value}: {kind}(...) is wanted": "{value}：应为 {kind}(...)",
    # What happens on the way.
    "epoch {epoch}: the {term} loss is {value}; the usual cause is a learning rate or a loss "
    "weight that is too high, or weights on a wrong scale": (
        "第 {epoch} 个迭代周期：{term}损失为 {value}；通常是学习率或某个损失的权重太大，"
        "或网络参数的尺度不对"
    ),
    "content": "内容",
    "style": "样式",
    "tv": "总变差",
    "total": "总",
    # The notebook's screen.
    "Error": "错误",
    "content loss": "内容损失",
    "style loss": "样式损失",
    "TV loss": "总变差损失",
    "total loss": "总损失",
    "✓ agrees with gluon_style": "✓ 与 gluon_style 一致",
    "✗ differs from gluon_style by {share:.1%}: so will the pictures": (
        "✗ 与 gluon_style 相差 {share:.1%}，画出来的图像也会不同"
    ),
    "stopped after epoch {epoch} of {all}: the picture so far is kept": (
        "在第 {epoch} 个迭代周期后停止（共 {all} 个），已有的图像保留下来"
    ),
    "interrupted: nothing of this cell is kept": "已中断：这个单元格的结果没有保留",
    "epoch {epoch:3d}, content loss {content:.2f}, style loss {style:.2f}, "
    "TV loss {tv:.2f}, {seconds:.2f} sec": (
        "迭代周期 {epoch:3d}，内容损失 {content:.2f}，样式损失 {style:.2f}，"
        "总变差损失 {tv:.2f}，{seconds:.2f} 秒"
    ),
    "change lr to {lr:.1e}": "学习率改为 {lr:.1e}",
    "epoch {done} of {all}, {each:.2f} s each, {left:.0f} s left": (
        "迭代周期 {done}/{all}，每个 {each:.2f} 秒，还需 {left:.0f} 秒"
    ),
    "epoch {done} of {all}": "迭代周期 {done}/{all}",
    "content {content:.2f}, style {style:.2f}, TV {tv:.2f}": (
        "内容 {content:.2f}，样式 {style:.2f}，总变差 {tv:.2f}"
    ),
    # Runs that end or resume.
    "the last picture that was in order is in {folder}": "最后一张正常的合成图像在 {folder}",
    "to resume: {command}": "继续请运行：{command}",
    "stopped by {signal}": "被 {signal} 停止",
    "%sstage %d: the total loss was %.6g at its end and %.6g at its beginning, so the picture is "
    "worse than before: a lower learning rate may help": (
        "%s第 %d 阶段：总损失结束时为 %.6g，开始时为 %.6g，合成图像比之前更差：请试试更小的学习率"
    ),
    "L-BFGS has no learning rate: the one that is given changes nothing": "L-BFGS 没有学习率，"
    "所给的学习率不起作用",
    "a loss of your own is computed whole, and not in tiles": "自己的损失对整幅图像计算，不分块",
    "the seed is for a start from noise: here it changes nothing": "随机种子只用于从噪声开始，"
    "在这里不起作用",
    "the small network paints all stages, so there is nothing to draft: the run ends at its "
    "losses, not the chapter's": (
        "所有阶段都用小网络画，不需要草稿：结束时达到的是小网络的损失，而不是书中的"
    ),
    "the recipe %s drafts stages of its own only: of those that are given it drafts none": (
        "配方 %s 只为自己的阶段打草稿：给出的阶段都不打草稿"
    ),
    "all stages are drafts: the small network paints them, and no other": (
        "所有阶段都是草稿：都用小网络画"
    ),
    "after that: %s: %s": "之后又出错：%s：%s",
    "the picture is not judged: %s: %s": "没有评判这张合成图像：%s：%s",
    "the animation is not made: %s: %s": "没有做成动画：%s：%s",
    "the losses are not drawn: %s: %s": "没有画出损失曲线：%s：%s",
    "progress is not shown: %s: %s": "不再显示进度：%s：%s",
    "what nobody needs any more stays: %s": "不再需要的文件没有删掉：%s",
    "cannot be removed: {reason}": "无法删除：{reason}",
    "it belongs to another run than {record}": "它与 {record} 不属于同一次运行",
    "put back the run's own, or start a new run with another {output}": (
        "请放回这次运行自己的检查点，或用另一个 {output} 重新开始"
    ),
    "%s: made with another %s than is used now": "%s：做它时用的 %s 与现在的不同",
    "%s: %s; going back to the one before it": "%s：%s；用它之前的那一个",
    "{name} is damaged ({error})": "{name} 已损坏（{error}）",
    "the checkpoint comes from an earlier version's L-BFGS: the run resumes with its picture, but "
    "its losses will differ from those of a run never stopped": (
        "检查点来自旧版本的 L-BFGS：从它的图像继续，但损失会与从未停止的运行不同"
    ),
    "there is no checkpoint": "没有检查点",
    "the run cannot be resumed, start it again": "不能继续，请重新开始",
    "its format is {format}, which another version of gluon_style writes": (
        "格式为 {format}，是 gluon_style 的另一个版本写的"
    ),
    "resume the run with that one, or start a new one with another {output}": (
        "请用那个版本继续，或用另一个 {output} 重新开始"
    ),
    "{value}: not what the run was started with (its checksum differs)": (
        "{value}：与开始时的不同（校验和不一样）"
    ),
    "give that, or start a new run with another {output}": (
        "请用原来的，或用另一个 {output} 重新开始"
    ),
    "was {was} and is now {now}": "原来是 {was}，现在是 {now}",
    "leave it out to resume the run, or start a new one with another {output}": (
        "要继续请不要改它，或用另一个 {output} 重新开始"
    ),
    "leave it out, or start a new run with another {output}": (
        "请不要改它，或用另一个 {output} 重新开始"
    ),
    "a run can only be resumed with the stages that it has begun ({begun}), the last of them with "
    "no fewer than the {epochs} epochs that it has had, and others after them": (
        "继续时，已开始的阶段（{begun}）不能变，其中最后一个不能少于已有的 {epochs} 个迭代周期，"
        "后面可以再加阶段"
    ),
    "is for new runs": "只用于新的运行",
    "leave it out to resume this one, which replaces nothing": "继续时请不要选它，不会替换任何文件",
    "was given to Python as a picture, not as a file": "开始时给的是 Python 中的图片，不是文件",
    "give it again with `revise` of gluon_style.resume": (
        "请用 gluon_style.resume 的 `revise` 再给一次"
    ),
}


# What the page says, by its English.
PAGE = {
    "Paint a photo in the style of a painting": "用一幅画的样式，重画一张照片",
    "Skip to the picture": "跳到图画",
    # Pictures.
    "Pictures": "图片",
    "Photo": "照片",
    "Painting": "画作",
    "Choose, drop or paste": "点击选择，或拖入、粘贴",
    "{}: choose a picture": "{}：选择图片",
    "Use the example": "用自带的图片",
    "Remove": "去掉",
    "Remove: {}": "去掉：{}",
    "More paintings, masks, another start": "更多画作、蒙版、起点",
    "A mask is white where it is painted, grey where in part; black keeps the photo. One mask "
    "holds for all paintings, or each has its own. Painting starts from the photo, unless you "
    "choose another picture.": (
        "蒙版里白色的地方会画，灰色的只画一部分，黑色的保持照片原样。可以所有画作共用一张，"
        "或每幅画作各一张。不另选起点图像，就从照片开始画。"
    ),
    "Mask": "蒙版",
    "Mask (for all paintings)": "蒙版（所有画作共用）",
    "Mask of painting {}": "第 {} 幅画作的蒙版",
    "Painting {}": "第 {} 幅画作",
    "Add a painting": "再加一幅画作",
    "How much it counts": "所占比重",
    "{}: how much it counts": "{}：所占比重",
    "Start from": "起点图像",
    "more than {} MB: make it smaller": "超过 {} MB，请缩小后再试",
    "it could not be sent, try again": "没有传送成功，请再试一次",
    "{}. The earlier picture is still used.": "{}。仍用原来的图片。",
    "Your pictures are no longer here: the server has restarted, or you were away for long. "
    "Choose them again.": ("图片已经不在了：服务器重新启动过，或您离开太久。请重新选择。"),
    # Ways to paint.
    "How it is painted": "怎么画",
    "A look": "看一眼",
    "A painting": "一幅画",
    "A large painting": "一幅大画",
    "My own": "自定",
    "{} pixels": "{} 像素",
    "measuring how long it takes here…": "正在测量在这里要多久……",
    "measuring how long it takes here; that takes longer while a run is painted…": (
        "正在测量在这里要多久，有图正在画时会慢一些……"
    ),
    "Paint": "开始画",
    "Paint after that": "排队等候",
    "It takes {} of memory": "需要内存 {}",
    "in tiles, since it does not fit whole": "内存放不下整张图，将分块计算",
    "The real VGG-19 is downloaded first (80 MB, once). If that fails, the small network is "
    "used.": ("用真正的 VGG-19。第一次要先下载（80 MB）；下载不了时改用自带的小网络。"),
    "Style transfer does not work here yet.": "这台机器还不能做样式迁移。",
    "{} (not on this machine)": "{}（这台机器不能）",
    # Options.
    "All settings": "所有设置",
    "Use the book’s settings": "用书中的设置",
    "Stage": "阶段",
    "Long side": "长边像素",
    "Epochs": "迭代周期",
    "Decay after": "衰减间隔",
    "Add a stage": "加一个阶段",
    "Remove stage {}": "去掉第 {} 阶段",
    " (default: {})": "（默认：{}）",
    ", ": "，",
    "none": "无",
    "Stages": "阶段",
    "Training": "训练",
    "Network": "网络",
    "Results": "结果",
    "Stopping and resuming": "停止与继续",
    # The picture and its run.
    "The picture": "图画",
    "The photo": "照片",
    "An example. Drag the line.": "示例。拖动分界线看看。",
    "Photo on the left, painting on the right": "左边是照片，右边是画",
    "Title": "标题",
    "{}, after {}": "{}，仿{}",
    "Mountain lake": "山湖",
    "Autumn tree": "秋树",
    "Waiting; {} before it": "排队中，前面还有 {} 个",
    "Waiting": "排队中",
    "A run is paused: others wait until it is resumed and ends, or is stopped.": (
        "有一幅已暂停：其他的要等它继续画完，或停止后，才会开始。"
    ),
    "Getting ready": "准备中",
    "Being painted": "正在画",
    "Paused": "已暂停",
    "Pausing after this epoch": "这个周期结束后暂停",
    "Stopping after this epoch": "这个周期结束后停止",
    "Stopped": "已停止",
    "Finished": "画好了",
    "It did not work": "没有成功",
    "stage {} of {}, epoch {} of {}": "第 {}/{} 阶段，第 {}/{} 个周期",
    "{:.0f} s": "{:.0f} 秒",
    "{} left": "还需{}",
    "On the way: {}": "中间过程：{}",
    "It was stopped before its end. The picture so far is kept, and it can be resumed.": (
        "这次没有画完；画到一半的图还在，可以继续。"
    ),
    "Pause": "暂停",
    "Resume": "继续",
    "Start again": "重新开始",
    "Stop": "停止",
    "Save": "保存",
    "Use again": "再用一次",
    "Delete": "删除",
    "Delete “{}” for good?": "永久删除“{}”？",
    "Cancel": "取消",
    "Rename": "改标题",
    "now": "当前",
    "On the way": "中间过程",
    "epoch {}": "第 {} 周期",
    "What made it": "它是怎么画的",
    "TV": "总变差",
    "Curves of the losses": "损失曲线",
    "content {content:.2f}, style {style:.2f}, TV {tv:.2f}": (
        "内容 {content:.2f}，样式 {style:.2f}，总变差 {tv:.2f}"
    ),
    "The command that makes the same picture": "得到同样结果的命令",
    "There is none: {} no longer exists.": "没有这个命令：{} 已经不在了。",
    "Copy": "复制",
    "Copied": "已复制",
    "All pictures": "所有图画",
    "Show more": "显示更多",
}

# The words of options in Chinese, each beside the word itself, which the helps explain.
CHOICES = {
    **{"auto": "自动", "off": "关", "small": "自带的小网络", "max": "最大", "average": "平均"},
    **{"style": "画作", "content": "照片", "luminance": "只画明暗", "noise": "噪声"},
    **{"stretch": "拉伸", "crop": "裁剪", "whole": "完整", "keep": "透明", "white": "白色"},
    **{"chapter": "本章", "relative": "相对", "bilinear": "双线性", "cpu": "处理器", "gpu": "显卡"},
}

# The options in Chinese: name and help; in English both are the command's own.
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
        "从照片（0）到画作（1）：样式权重乘以 1000^(s - 0.5)，平滑权重乘以 10^(s - 0.5)，"
        "预先换色的程度乘以 2s（最多 1）",
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
        "每块 N 像素地计算，结果相同，内存较少，时间是 1.2 至 1.6 倍；auto 只在放不下时这样做",
    ),
    "format": ("图片格式", "保存的图片的格式"),
    "depth": ("位深", "每个颜色通道的位数；16 位只用于 png 和 tif"),
    "save_every": ("保存中间图", "每 N 个周期保存一张"),
    "animation": ("动画", "每个阶段做一个动画，从照片到结果"),
    "checkpoint_every": ("检查点间隔", "两个检查点之间的秒数；0 则每个周期一个"),
}


def in_chinese(text):
    """A template in Chinese; one that is not known stays."""
    return CHINESE.get(text) or PAGE.get(text, text)
