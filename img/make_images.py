"""Draw the two pictures of the examples: a content "photo" and a style "painting".

    python make_images.py

writes beside this file

* ``mountain.jpg``, 1800 x 1200: a snowy mountain over a lake with conifers, on a hazy morning.
  The mountain is a height field carved by simulated rivers and seen through a pinhole camera.
* ``autumn_tree.jpg``, 1600 x 1120: an oak in autumn, painted with some four thousand broad brush
  strokes. Each stroke follows the flow of what it depicts, carries two paints mixed by its
  bristles, and leaves a relief that is lit at the end.

They are made for each other. Both are bright and share their colours, so that each part of the
photo finds paints of its own kind; the haze leaves the contrast to the painting; and a stroke is
broad enough to be seen when the painting is only 300 pixels wide. A dark photo, or many small
strokes in complementary colours, would end as confetti.

Both are pure computation, NumPy and Pillow only, from fixed seeds: two runs give the same bytes
(with another NumPy, the rounding of a few pixels may differ).
No photograph and no painting went in, so both files are free to pass on. It takes about a minute.

Conventions: images are float arrays (height, width, 3) with values 0..1; lengths in the landscape
are kilometres, x to the right, z away from the camera.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

Resampling = getattr(Image, "Resampling", Image)  # its place since Pillow 9.1

# ------------------------------------------------------------------------------------------------
# Small tools
# ------------------------------------------------------------------------------------------------


def smoothstep(lo, hi, x):
    """0 before ``lo``, 1 after ``hi`` (or the reverse if ``lo > hi``), smooth in between."""
    t = np.clip((x - lo) / (hi - lo), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def mix(a, b, t):
    """``a`` at t = 0, ``b`` at t = 1."""
    return a + (b - a) * t


def rgb(code):
    """A colour from its hexadecimal code."""
    return np.array([int(code[i : i + 2], 16) for i in (0, 2, 4)], np.float32) / 255.0


def palette(codes, t):
    """Colours along a row of paints, from the first at t = 0 to the last at t = 1."""
    paints = np.stack([rgb(code) for code in codes.split()])
    t = np.clip(t, 0, 1) * (len(paints) - 1)
    k = np.minimum(t.astype(int), len(paints) - 2)
    return mix(paints[k], paints[k + 1], (t - k)[..., None])


def resize(a, width, height, method=Resampling.BICUBIC):
    """A float map at another size."""
    picture = Image.fromarray(np.ascontiguousarray(a, dtype=np.float32))
    return np.array(picture.resize((width, height), method))


def blur(a, radius):
    """Three box blurs along each axis: close to a Gaussian, and cheap at any radius."""
    a = np.asarray(a, np.float32)
    size = 2 * radius + 1
    for axis in (0, 1):
        for _ in range(3):
            pad = [(0, 0), (0, 0)]
            pad[axis] = (radius + 1, radius)
            total = np.cumsum(np.pad(a, pad, mode="edge"), axis=axis, dtype=np.float64)
            if axis == 0:
                a = (total[size:] - total[:-size]) / size
            else:
                a = (total[:, size:] - total[:, :-size]) / size
    return a.astype(np.float32)


def bilinear(a, row, col):
    """The map ``a`` at fractional positions."""
    width = a.shape[1]
    row = np.clip(row, 0, a.shape[0] - 1.001)
    col = np.clip(col, 0, width - 1.001)
    r, c = row.astype(np.int32), col.astype(np.int32)
    fr, fc = (row - r).astype(np.float32), (col - c).astype(np.float32)
    k, flat = r * width + c, a.ravel()
    upper = mix(flat[k], flat[k + 1], fc)
    lower = mix(flat[k + width], flat[k + width + 1], fc)
    return mix(upper, lower, fr)


@lru_cache(maxsize=None)
def lattice(seed):
    """The random gradients of ``gradient_noise``: 256 x 256 unit vectors, repeated."""
    angle = np.random.default_rng(seed).uniform(0, 2 * np.pi, 256 * 256).astype(np.float32)
    return np.cos(angle), np.sin(angle)


def gradient_noise(x, y, seed):
    """Perlin's noise: smooth, about -1..1, one bump per unit length."""
    gx, gy = lattice(seed)
    xi, yi = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    fx, fy = (x - xi).astype(np.float32), (y - yi).astype(np.float32)
    u = fx * fx * fx * (fx * (fx * 6 - 15) + 10)
    v = fy * fy * fy * (fy * (fy * 6 - 15) + 10)

    def corner(dx, dy):
        k = ((xi + dx) & 255) * 256 + ((yi + dy) & 255)
        return gx[k] * (fx - dx) + gy[k] * (fy - dy)

    near = mix(corner(0, 0), corner(1, 0), u)
    far = mix(corner(0, 1), corner(1, 1), u)
    return 1.5 * mix(near, far, v)


def fractal(x, y, octaves, seed, ridged=False, gain=0.5):
    """Noise of finer and finer grain; ``ridged`` folds it, so that its zeros become crests."""
    total, amplitude, norm = 0.0, 1.0, 0.0
    for k in range(octaves):
        n = gradient_noise(x * 2.0**k + 17.3 * k, y * 2.0**k + 5.1 * k, seed + k)
        total = total + amplitude * (1.0 - 2.0 * np.abs(n) if ridged else n)
        norm += amplitude
        amplitude *= gain
    return total / norm


def to_bytes(img):
    """A float image as a Pillow picture."""
    return Image.fromarray((np.clip(img, 0, 1) * 255 + 0.5).astype(np.uint8))


# ------------------------------------------------------------------------------------------------
# The photo: the terrain
# ------------------------------------------------------------------------------------------------

PHOTO_WIDTH, PHOTO_HEIGHT = 1800, 1200
EXTENT = 14.0  # the terrain is a square of this side, in km,
LEFT, FRONT = -7.0, 5.0  # and this is its near left corner, seen from the camera at (0, 0)
PEAK = (0.7, 12.5)
NEIGHBOURS = [(i, j, float(np.hypot(i, j))) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]


def grid(n):
    """The coordinates x, z of an n x n height field."""
    z, x = np.mgrid[0:n, 0:n].astype(np.float32) * (EXTENT / n)
    return x + LEFT, z + FRONT


def neighbour(a, i, j, outside=None):
    """The map whose cell (r, c) holds ``a[r + i, c + j]``; the edge is repeated by default."""
    n = a.shape[0]
    padded = np.pad(a, 1, mode="edge") if outside is None else np.pad(a, 1, constant_values=outside)
    return padded[1 + i : 1 + i + n, 1 + j : 1 + j + n]


def drain(height, area, cell):
    """Let the water of ``area`` flow one cell downhill, mostly along the steepest slopes.

    Returns the area each cell now drains, its steepest slope and its lowest lower neighbour.
    """
    total = np.full_like(height, 1e-9)
    steepest = np.zeros_like(height)
    lowest = height.copy()
    shares = []
    for i, j, distance in NEIGHBOURS:
        other = neighbour(height, i, j)
        slope = np.maximum((height - other) / (distance * cell), 0)
        lowest = np.minimum(lowest, other)
        steepest = np.maximum(steepest, slope)
        shares.append(slope**4)
        total += shares[-1]
    flow = area / total
    area = np.full_like(height, cell * cell)  # the rain on the cell itself
    for (i, j, _), share in zip(NEIGHBOURS, shares):
        area += neighbour(flow * share, -i, -j, outside=0.0)
    return area, steepest, lowest


def erode(height, area, cell, rounds, uplift):
    """Carve valleys: rivers cut in proportion to (drained area)^0.42 * slope, the land rises."""
    for _ in range(rounds):
        area, steepest, lowest = drain(height, area, cell)
        cut = 0.022 * area**0.42 * steepest
        # Never cut below the next cell downstream, or the explicit scheme would oscillate.
        height = height - np.minimum(cut, 0.45 * (height - lowest)) + uplift
        around = sum(neighbour(height, i, j) for i, j in ((0, 1), (1, 0), (0, -1), (-1, 0))) / 4
        pit = (steepest <= 0) & (around > height)
        # Slopes past the angle of repose crumble, and pits fill up.
        rate = 0.006 + 0.25 * smoothstep(1.7, 2.55, steepest) + 0.5 * pit
        height = height + rate * (around - height)
    return height, area


def uncarved_terrain(n):
    """The land before the rivers: one great cone, two shoulders, ridges and rolling hills."""
    x, z = grid(n)
    # Bend the coordinates, so that nothing is exactly round.
    wx = x + 0.55 * fractal(x * 0.45, z * 0.45, 4, 11)
    wz = z + 0.55 * fractal(x * 0.45, z * 0.45, 4, 31)
    r = np.hypot((wx - PEAK[0]) * 0.92, wz - PEAK[1])
    cone = 3.0 * np.exp(-((r / 3.1) ** 1.35))
    left = 0.75 * np.exp(-(np.hypot(wx + 2.9, wz - 12.0) ** 2) / 0.9)
    right = 0.80 * np.exp(-(np.hypot(wx - 3.6, wz - 11.6) ** 2) / 0.7)
    ridges = fractal(wx * 0.55, wz * 0.55, 6, 51, ridged=True)
    halfway = 0.25 + 0.75 * np.exp(-(((r - 2.2) / 2.2) ** 2))
    return cone + left + right + 0.55 * ridges * halfway + 0.16 * fractal(x * 0.8, z * 0.8, 5, 71)


def make_terrain():
    """The height field, in km: carved at 256, 512 and 1024 cells, sharpened at 2048."""
    height = base = uncarved_terrain(256).astype(np.float32)
    area = np.full_like(height, 1e-3)
    # Large valleys form on the coarse grid, where water crosses the map in few steps.
    for n, rounds in ((256, 240), (512, 110), (1024, 40)):
        height, base = resize(height, n, n), resize(base, n, n)
        area = np.maximum(resize(area, n, n), 1e-6)
        x, z = grid(n)
        rough = fractal((x - LEFT) * n / 75, (z - FRONT) * n / 75, 3, 90 + n)
        height = height + 16.0 / n * rough * np.clip(height, 0.2, 1.5)
        height, area = erode(height, area, EXTENT / n, rounds, 0.0017 * base)
    # Ice half fills the high valleys: go part of the way back to the uncarved land.
    height = mix(height, 0.95 * base, 0.60 * smoothstep(0.3, 1.2, base))
    height = resize(height, 2048, 2048)
    x, z = grid(2048)
    crags = fractal((x - LEFT) * 3.6, (z - FRONT) * 3.6, 6, 300, ridged=True, gain=0.52)
    return (height + 0.040 * crags * np.clip(height, 0.3, 1.8)).astype(np.float32)


# ------------------------------------------------------------------------------------------------
# The photo: camera, light and air
# ------------------------------------------------------------------------------------------------

FOCAL = 1.27  # focal length, in picture widths
HORIZON = 0.585  # its place in the picture, from the top
CAMERA = 0.25  # height of the camera, km
SUN = np.array([-0.80, 0.46, -0.38]) / np.sqrt(0.80**2 + 0.46**2 + 0.38**2)  # where it stands


def cast(terrain, width, height):
    """The terrain point (x, z) that each pixel sees; NaN where it sees the sky.

    Along one column of pixels the terrain is visible wherever it rises above everything in front
    of it, so a pixel's point is found by a search in the running maximum of the projected height.
    """
    focal, steps = FOCAL * width, 1400
    z = np.linspace(FRONT + 0.2, FRONT + EXTENT - 0.2, steps, dtype=np.float32)[:, None]
    u = ((np.arange(width, dtype=np.float32) - width / 2 + 0.5) / focal)[None]
    cell = EXTENT / terrain.shape[0]
    ground = bilinear(terrain, (z - FRONT) / cell + 0 * u, (z * u - LEFT) / cell)
    projected = (ground - CAMERA) / z * focal
    top = np.maximum.accumulate(projected, axis=0)
    rows = HORIZON * height - np.arange(height, dtype=np.float32) - 0.5
    depth = np.full((height, width), np.nan, np.float32)
    for c in range(width):
        k = np.searchsorted(top[:, c], rows)
        seen = np.flatnonzero((k > 0) & (k < steps))
        k = k[seen]
        below, above = projected[k - 1, c], projected[k, c]
        t = np.clip((rows[seen] - below) / np.maximum(above - below, 1e-6), 0, 1)
        depth[seen, c] = mix(z[k - 1, 0], z[k, 0], t)
    return depth * u, depth


def sunlit(terrain, cell):
    """1 where the sun reaches the terrain, 0 in cast shadow: look from each cell to the sun."""
    flat = np.hypot(SUN[0], SUN[2])
    highest = np.full_like(terrain, -9.0)
    for k in range(1, 110):
        reach = k * (1 + 0.01 * k)
        i, j = int(round(reach * SUN[2] / flat)), int(round(reach * SUN[0] / flat))
        ray = np.hypot(i, j) * cell * SUN[1] / flat
        highest = np.maximum(highest, np.roll(terrain, (-i, -j), (0, 1)) - ray)
    return 1 - smoothstep(-0.004, 0.03, highest - terrain)


def sky(width, height):
    """Blue above, pale and warm at the horizon, with soft clouds."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / height
    down = np.clip(y / HORIZON, 0, 1)
    img = mix(rgb("4a86cc"), rgb("a4cdec"), smoothstep(0, 0.7, down)[..., None])
    img = mix(img, rgb("fbe6cc"), 0.9 * smoothstep(0.4, 1.0, down)[..., None])
    # The clouds lie in a plane overhead: nearer the horizon they are thinner and closer together.
    far = 1.0 / (1.3 - down)
    cx, cy = (x - 0.75) * far * 1.3, far * 2.2

    def density(shift):
        return fractal(cx * 1.5 + shift + 3, cy * 1.5 + shift, 5, 520)

    thick = density(0.0)
    light = np.clip(0.7 + 1.6 * (thick - density(-0.12)), 0, 1)[..., None]
    cloud = mix(rgb("a9a6d0"), rgb("fff6e6"), light)
    return mix(img, cloud, (0.95 * smoothstep(-0.08, 0.2, thick))[..., None])


def shade(terrain, x, z):
    """The colours of the terrain points (x, z), lit by sun and sky, seen through the air."""
    cell = EXTENT / terrain.shape[0]

    def at(a):
        return bilinear(a, (z - FRONT) / cell, (x - LEFT) / cell)

    slope_z, slope_x = np.gradient(terrain, cell)
    height, hx, hz, sun = at(terrain), at(slope_x), at(slope_z), at(sunlit(terrain, cell))
    hollow = at(np.clip((terrain - blur(terrain, 10)) / 0.04, -1, 1))  # < 0 there, > 0 on crests
    big, small = fractal(x * 2.0, z * 2.0, 4, 400), fractal(x * 26, z * 26, 3, 420, gain=0.7)
    # Snow lies high up and where it is not steep, wood low down.
    bare = np.hypot(hx, hz) + 0.4 * small + 0.5 * hollow + 0.5 * big
    bare = bare - 1.4 * smoothstep(1, 2.4, height)
    snow = smoothstep(0.85, 1.45, height + 0.35 * big - 0.15 * hollow) * smoothstep(2.3, 1.85, bare)
    rock = palette("857a84 a09496 c4b2a0", 0.5 + 0.4 * small + 0.4 * big)
    wood = palette("5f8562 8fa860 d8b858", 0.45 + 0.5 * small + 0.8 * big)
    wooded = smoothstep(1.05, 0.65, height + 0.3 * big + 0.1 * small)[:, None]
    albedo = mix(mix(rock, wood, wooded), rgb("fbfaf8"), snow[:, None])

    rough = mix(0.3, 0.08, snow)  # rock has facets, snow is smooth
    hx = hx + rough * fractal(x * 30, z * 30 + 3 * height, 3, 440, gain=0.6)
    hz = hz + rough * fractal(x * 30 + 9, z * 30 + 3 * height, 3, 460, gain=0.6)
    up = 1 / np.sqrt(1 + hx * hx + hz * hz)
    direct = np.clip((SUN[1] - hx * SUN[0] - hz * SUN[2]) * up, 0, 1) * sun
    open_sky = (0.55 + 0.45 * up) * (0.85 + 0.15 * hollow)
    light = direct[:, None] * (1.05, 0.86, 0.62) + open_sky[:, None] * (0.46, 0.53, 0.74)
    air = 1 - np.exp(-0.040 * (z - 3) * np.exp(-0.55 * height))
    fog = smoothstep(0.75, 0.1, height + 0.25 * fractal(x * 0.9, z * 0.9, 4, 480))
    colour = mix(albedo * light, rgb("c6d2ea"), air[:, None])
    return mix(colour, rgb("f3e6da"), (0.8 * fog)[:, None])


def distant_view(width, height):
    """Sky and mountain; the mountain has 2 x 2 samples per pixel for clean edges."""
    terrain = make_terrain()
    x, z = cast(terrain, 2 * width, 2 * height)
    hit = np.isfinite(z)
    img = np.zeros(hit.shape + (3,), np.float32)
    img[hit] = shade(terrain, x[hit], z[hit])
    img = img.reshape(height, 2, width, 2, 3).mean((1, 3))
    cover = hit.reshape(height, 2, width, 2).mean((1, 3))[..., None]
    return (sky(width, height) * (1 - cover) + img).astype(np.float32)


# ------------------------------------------------------------------------------------------------
# The photo: trees, lake and meadow
# ------------------------------------------------------------------------------------------------

FIRS = "22453f 3f6a48 7f9a4e c4bf70"  # from shadow to light
LARCHES = "7a5a38 b08a3c d8b050 f4dc90"


def tree(height, seed):
    """A conifer: (lightness 0..1, coverage 0..1). Its boughs sag; the light is from the left."""
    width = int(0.42 * height) // 2 * 2
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / height
    x = (x - 0.21) / 0.21  # -1..1
    sag = y - 0.10 * np.abs(x)
    bough = fractal(5 * x + 9, 26 * sag + 7 * seed, 3, 600, gain=0.6)
    reach = y**0.85 * (0.72 + 0.5 * gradient_noise(np.sign(x) + 0.5, 22 * sag + 7 * seed, 610))
    cover = smoothstep(0.04, -0.04, np.abs(x) - reach - 0.10 * bough)
    cover = cover * smoothstep(1.0, 0.92, y + 0.05 * bough)  # grass hides the foot
    needles = gradient_noise(20 * x, 60 * sag, 620)
    tone = 0.40 + 0.65 * bough + 0.25 * needles - 0.35 * x / np.maximum(y, 0.1)
    return np.clip(tone, 0, 1), cover


def plant(img, shape, size, x, foot, paints, haze):
    """Put a tree of ``size`` pixels into the picture, its foot at (x, foot)."""
    tone, cover = (resize(part, max(2, int(0.42 * size)), size, Resampling.BOX) for part in shape)
    x0, y0 = int(x - cover.shape[1] / 2), int(foot - size)
    xa, xb = max(0, x0), min(img.shape[1], x0 + cover.shape[1])
    ya, yb = max(0, y0), min(img.shape[0], y0 + size)
    if xa >= xb or ya >= yb:
        return
    part = np.s_[ya - y0 : yb - y0, xa - x0 : xb - x0]
    colour = mix(palette(paints, tone[part]), rgb("c3d0e6"), haze)
    img[ya:yb, xa:xb] = mix(img[ya:yb, xa:xb], colour, cover[part][..., None])


def wooded_ridge(img, trees, crest, depth, size, haze, rng):
    """A ridge of trees from its ``crest`` (a row for each column) down, nearer rows larger."""
    width = img.shape[1]
    y = np.arange(img.shape[0], dtype=np.float32)[:, None]
    ground = mix(rgb("7f9458"), rgb("c3d0e6"), haze)
    cover = smoothstep(0, size * 0.5, y - crest) * (y < crest + depth)
    img[:] = mix(img, ground, cover[..., None])
    for u in np.linspace(0, 1, 7):  # row after row
        xs = rng.permutation(np.arange(-size, width + size, 0.36 * size))
        xs = xs + rng.normal(0, 0.15 * size, xs.size)
        clumps = fractal(xs / width * 7, np.full_like(xs, 0.4 * u + size), 2, 700)
        for x, clump in zip(xs, clumps):
            column = int(np.clip(x, 0, width - 1))
            tall = int(size * (0.85 + 0.3 * u) * rng.uniform(0.65, 1.1) * (1 + 0.4 * clump))
            paints = LARCHES if clump + rng.normal(0, 0.15) > 0.25 else FIRS
            shape = trees[rng.integers(len(trees))]
            foot = crest[column] + u * depth[column]
            plant(img, shape, max(8, tall), x, foot, paints, haze + 0.1 * (1 - u))


def flood(img, shore):
    """Below the row ``shore``: the picture above it, upside down, stirred by small waves."""
    height, width = img.shape[:2]
    y, x = np.mgrid[shore:height, 0:width].astype(np.float32)
    near = (y - shore) / (height - shore)
    distance = 1 / (0.06 + near)
    wave = fractal(x / width * 2.5 * distance, 4.0 * distance, 3, 830)
    row = np.clip(shore - 1.9 * (y - shore) + wave * (2 + 40 * near), 0, shore - 2)
    mirrored = np.stack([bilinear(img[..., k], row, x) for k in range(3)], -1)
    water = mix(rgb("2a74ac"), rgb("86c4e0"), np.clip(0.5 + wave, 0, 1)[..., None])
    # The steeper one looks into the water, the less it reflects.
    img[shore:] = mix(water, mirrored, (0.85 - 0.45 * near)[..., None])


def meadow(img, edge):
    """Grass, flowers and heather from the row ``edge`` (for each column) down."""
    height, width = img.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    near = (y - edge) / (height - edge)
    depth = 1 / (1.6 - np.clip(near, 0, 1))
    blades = fractal(x / (9 * depth), y / (45 * depth), 2, 910)
    patches = fractal(x / width * 5, depth * 6, 3, 900)
    colour = palette("587c40 7c9a48 a8b058 d0c070 ecdc9c", 0.5 + 0.7 * patches + 0.3 * blades)
    heather = smoothstep(0.1, 0.35, fractal(x / width * 6 + 7, depth * 7, 3, 920) + 0.25 * blades)
    colour = mix(colour, rgb("a88ab8"), 0.7 * heather[..., None])
    img[:] = mix(img, colour, smoothstep(-6, 6, y - edge + 10 * blades)[..., None])


# Trees of the foreground, (x, foot, size, paints), the farther ones first.
FOREGROUND = [
    (1590, 1080, 330, LARCHES), (285, 1100, 300, FIRS), (1480, 1090, 240, FIRS),
    (1710, 1140, 640, FIRS), (105, 1150, 600, FIRS), (225, 1160, 270, LARCHES),
]  # fmt: skip


def mountain():
    """The content picture, from the back to the front."""
    rng = np.random.default_rng(3)
    width, height = PHOTO_WIDTH, PHOTO_HEIGHT
    x = np.arange(width, dtype=np.float32) / width

    def outline(level, swing, frequency, seed):
        return level - swing * fractal(x * frequency + 3.3, 0 * x + seed, 4, seed, gain=0.4)

    img = distant_view(width, height)
    trees = [tree(240, seed) for seed in range(9)]
    shore = 800
    wooded_ridge(img, trees, outline(700, 100, 2.2, 610), np.full(width, 90), 60, 0.40, rng)
    points = 110 * smoothstep(0.55, 1.0, x) + 90 * smoothstep(0.35, 0.0, x)
    near_shore = outline(shore - 20, 16, 3.0, 630) - points
    wooded_ridge(img, trees, near_shore, shore - near_shore, 105, 0.10, rng)
    flood(img, shore)
    bank = outline(1070, 20, 3.0, 640)
    bank = bank - 60 * smoothstep(0.35, 0.0, x) - 50 * smoothstep(0.72, 1.0, x)
    meadow(img, bank)
    for k, (tree_x, foot, size, paints) in enumerate(FOREGROUND):
        plant(img, tree(720, 20 + k), size, tree_x, foot, paints, 0.0)
    return mix(img, rgb("e6e6ea"), 0.12)  # the haze of the morning


# ------------------------------------------------------------------------------------------------
# The painting: brush and canvas
# ------------------------------------------------------------------------------------------------

ANGLES = 32  # directions of the brushes kept ready
BENDS = (-0.5, 0.0, 0.5)
VARIANTS = 4


def brush_mark(length, width, angle, bend, variant):
    """One stroke seen from above: (coverage 0..1, streaks -1..1, thickness of the paint)."""
    half = int(np.ceil(0.55 * length + 0.6 * width)) + 1
    y, x = np.mgrid[-half : half + 1, -half : half + 1].astype(np.float32)
    # u runs along the stroke, v across it, both -1..1 on its edges
    u = (x * np.cos(angle) + y * np.sin(angle)) / (length / 2)
    v = (y * np.cos(angle) - x * np.sin(angle)) / (width / 2)
    v = v + 0.45 * bend * (u * u - 0.35) * length / width
    bristles = fractal(1.6 * v + 40, 0.3 * u + variant, 3, 1000 + variant, gain=0.6)
    ragged = 0.22 * gradient_noise(2.2 * v, np.full_like(v, variant + 0.5), 1100 + variant)
    taper = 1.0 - 0.25 * smoothstep(0.2, 1.0, u)
    sides = smoothstep(1.0, 0.80, np.abs(v) / taper + 0.10 * bristles)
    ends = smoothstep(1.0, 0.90, u + ragged + 0.08) * smoothstep(-1.0, -0.92, u + 0.4 * ragged)
    cover = sides * ends
    # The brush pushes paint to the sides and to the end.
    rim = np.exp(-(((np.abs(v) - 0.72) / 0.16) ** 2)) + 0.8 * np.exp(-(((u - 0.78) / 0.12) ** 2))
    relief = cover * (0.55 + 0.35 * bristles + 0.35 * rim)
    return tuple(a.astype(np.float32) for a in (cover, np.clip(2.2 * bristles, -1, 1), relief))


class Canvas:
    """The painting in progress: the colour and the thickness of its paint."""

    def __init__(self, width, height, ground):
        self.colour = np.empty((height, width, 3), np.float32)
        self.colour[:] = ground
        self.thickness = np.zeros((height, width), np.float32)
        self.marks = {}

    def mark(self, size, angle, bend, variant):
        """The brush mark for a stroke, made once for each direction."""
        k = int(round(angle / (2 * np.pi) * ANGLES)) % ANGLES
        key = (size, k, bend, variant)
        if key not in self.marks:
            self.marks[key] = brush_mark(*size, 2 * np.pi * k / ANGLES, BENDS[bend], variant)
        return self.marks[key]

    def stroke(self, x, y, size, mark, first, second):
        """Press ``mark`` on the canvas at (x, y), with two paints side by side in its bristles."""
        cover, streaks, relief = mark
        x, y, r = int(x), int(y), cover.shape[0] // 2
        height, width = self.thickness.shape
        xa, xb = max(x - r, 0), min(x + r + 1, width)
        ya, yb = max(y - r, 0), min(y + r + 1, height)
        if xa >= xb or ya >= yb:
            return
        part = np.s_[ya - y + r : yb - y + r, xa - x + r : xb - x + r]
        cover, relief = cover[part], relief[part]
        paint = mix(first, second, 0.5 + 0.5 * streaks[part][..., None])
        here, depth = self.colour[ya:yb, xa:xb], self.thickness[ya:yb, xa:xb]
        here += (paint - here) * (0.95 * cover)[..., None]
        # A wide brush lays the paint on thicker; what lies below still shows a little.
        depth += 0.75 * cover * (relief * size[1] / 16 - depth) + 0.10 * relief

    def lay(self, x, y, angles, size, paints, rng, spread=0.06):
        """Many strokes at (x, y), in heights of the picture, each with its own two ``paints``."""
        n = len(x)
        bends, variants = rng.integers(0, len(BENDS), n), rng.integers(0, VARIANTS, n)
        value = 1 + rng.normal(0, spread, (2, n, 1))
        tint = rng.normal(0, 0.4 * spread, (2, n, 3))
        loaded = np.clip(np.stack(paints) * value + tint, 0.02, 1).astype(np.float32)
        x, y = x * PAINTING_HEIGHT, y * PAINTING_HEIGHT
        for k in range(n):
            mark = self.mark(size, angles[k], bends[k], variants[k])
            self.stroke(x[k], y[k], size, mark, loaded[0, k], loaded[1, k])

    def lit(self):
        """The finished picture: light from the upper left on the relief of the paint."""
        down, right = np.gradient(0.3 * self.thickness + 0.7 * blur(self.thickness, 3))
        slope = 0.65 * right + 0.75 * down
        shading = 1.0 + np.clip(2.2 * slope, -0.40, 0.30)
        return np.clip(self.colour * shading[..., None], 0, 1)


# ------------------------------------------------------------------------------------------------
# The painting: what is on it. Positions are in heights of the picture, so x is 0..ASPECT
# ------------------------------------------------------------------------------------------------

PAINTING_WIDTH, PAINTING_HEIGHT = 1600, 1120
ASPECT = PAINTING_WIDTH / PAINTING_HEIGHT
SKYLINE = 0.70  # where the ground begins
CROWN = np.array([0.69, 0.375]), np.array([0.48, 0.30])  # an ellipse: its centre and half axes

SKY = "2858ac 3f7cc8 5c9fde 74c0e0 a3c4f0 c9d3f4 f4ecdc fcdcb8"
WOOD = "35509a 5c6cb8 8a80c4 5f9a8c b87fa0"
GROUND = "5d559e 9a80b4 6f9850 a8b04a e8b840 f8d470"
LEAVES = "982c44 c8442e e86a2c f59430 fbbb40 ffdc70 fff0b0"
BARK = "3c2f54 664c64 9a7468 c8a080 e8d0a8"


def background(x, y, rng):
    """The paints and the angles of strokes for sky, distant wood and ground."""
    n, sway = fractal(x * 1.6, y * 1.6, 3, 1200), rng.normal(0, 0.2, x.size)
    shadow = np.exp(-(((x - 0.86) / 0.40) ** 2 + ((y - 0.885) / 0.055) ** 2))
    wood_top = SKYLINE - 0.085 - 0.06 * fractal(x * 2.5, 0 * x, 3, 1220)
    where = [y < wood_top, y < SKYLINE]
    paints = np.select(
        [part[:, None] for part in where],
        [
            palette(SKY, 0.15 + 0.78 * y / SKYLINE + 0.55 * n + sway),
            palette(WOOD, 0.45 + 0.8 * n + sway),
        ],
        palette(GROUND, 0.72 + 0.5 * n - 0.7 * shadow + sway),
    )
    swirl = 1.3 * np.pi * fractal(x * 0.95 + 3, y * 0.95, 2, 1300)
    upright = -np.pi / 2 + 0.4 * n
    level = 0.10 + 0.9 * fractal(x * 1.6, y * 3.0, 2, 1320)
    angles = np.select(where, [swirl, upright], level)
    return paints, angles + rng.normal(0, 0.10, x.size)


def paint_background(canvas, rng):
    """Two coats over the whole canvas, the second with a smaller brush."""
    for n, size, spread in ((1100, (190, 56), 0.05), (1150, (140, 40), 0.09)):
        x, y = rng.uniform(-0.02, ASPECT + 0.02, n), rng.uniform(-0.02, 1.02, n)
        first, angles = background(x, y, rng)
        canvas.lay(x, y, angles, size, (first, background(x, y, rng)[0]), rng, spread)


def grow(x, y, angle, length, width, level, rng):
    """A limb and what grows from it: a list of pieces (x0, y0, x1, y1, width, level)."""
    pieces, limbs = 5 if level < 2 else 3, []
    for k in range(pieces):
        angle += rng.normal(0, 0.07 + 0.05 * level)
        if level:  # boughs turn upwards, to the light
            angle -= 0.10 * (angle + np.pi / 2)
        x1, y1 = x + np.cos(angle) * length / pieces, y + np.sin(angle) * length / pieces
        thick = width * (1 - 0.38 * k / pieces)
        limbs.append((x, y, x1, y1, thick, level))
        x, y = x1, y1
    if level == 0:
        forks, shrink = (-1.12, -0.55, -0.08, 0.45, 1.05), (0.86, 0.52)
    else:
        forks, shrink = (-0.5, 0.05, 0.5), (1.0, 0.62)
    for fork in forks if level < 3 else ():
        turn = fork + rng.normal(0, 0.10)
        reach = length * rng.uniform(0.66, 0.86) * shrink[0]
        limbs += grow(x, y, angle + turn, reach, thick * shrink[1], level + 1, rng)
    return limbs


def paint_limbs(canvas, limbs, levels, rng):
    """Bark: strokes along the limbs of some levels, lighter on the left."""
    for x0, y0, x1, y1, width, level in limbs:
        if level not in levels:
            continue
        size = (110, 28) if width > 0.03 else (90, 20) if width > 0.012 else (70, 13)
        length, angle = np.hypot(x1 - x0, y1 - y0), np.arctan2(y1 - y0, x1 - x0)
        n = int(3.2 * length * width * PAINTING_HEIGHT**2 / (size[0] * size[1])) + 2
        t, side = rng.uniform(0, 1, n), rng.uniform(-0.5, 0.5, n)
        # The foot of the trunk spreads into roots.
        spread = 1 + 0.9 * smoothstep(0.80, 0.90, mix(y0, y1, t)) * (level == 0)
        x = mix(x0, x1, t) - np.sin(angle) * side * width * spread
        y = mix(y0, y1, t) + np.cos(angle) * side * width
        lit = 0.42 + 0.85 * np.sin(angle) * side
        paints = [palette(BARK, lit + rng.normal(0, 0.13, n)) for _ in range(2)]
        canvas.lay(x, y, angle + rng.normal(0, 0.10, n), size, paints, rng)


def off_crown(points):
    """0 at the centre of the crown, 1 on its outline."""
    return np.hypot(*((np.asarray(points) - CROWN[0]) / CROWN[1]).T)


def leaf_clusters(limbs, rng):
    """Balls of leaves at the ends of twigs and inside the crown: their centres and radii."""
    twigs = np.array([limb[2:4] for limb in limbs if limb[5] >= 2])
    twigs = twigs[rng.permutation(len(twigs))[:60]]
    inside = rng.normal(0, 1, (35, 2)) * (0.21, 0.13) + CROWN[0]
    centres = np.concatenate([twigs, inside])
    centres = centres[off_crown(centres) < 0.9]
    return centres, rng.uniform(0.05, 0.10, len(centres))


def paint_leaves(canvas, clusters, per_cluster, size, tones, least_light, rng):
    """One coat of the crown, dark strokes first; they run around the centre of their cluster.

    ``tones`` are the ends of the part of the palette in use, and strokes with less light than
    ``least_light`` are left out, so that later, lighter coats leave the shadows open.
    """
    centres, radii = clusters
    k = np.repeat(np.arange(len(centres)), per_cluster)
    rho, phi = np.sqrt(rng.uniform(0, 1, k.size)), rng.uniform(0, 2 * np.pi, k.size)
    dx, dy = rho * np.cos(phi), rho * np.sin(phi)
    x, y = centres[k, 0] + 1.15 * radii[k] * dx, centres[k, 1] + radii[k] * dy
    own = -0.55 * dx - 0.75 * dy  # light from the upper left, on the cluster
    whole = -0.7 * (x - 0.66) / 0.42 - 0.8 * (y - 0.36) / 0.30  # and on the crown
    tone = 0.46 + 0.26 * own + 0.20 * whole + 0.35 * fractal(x * 2.3, y * 2.3, 3, 1400)
    seen = np.flatnonzero(own + 0.6 * whole + rng.normal(0, 0.3, k.size) > least_light)
    order = seen[np.argsort((tone + rng.normal(0, 0.15, k.size))[seen])]
    x, y, tone = x[order], y[order], mix(*tones, tone[order])
    angles = phi[order] + np.pi / 2 + rng.normal(0, 0.35, order.size)
    paints = [palette(LEAVES, tone + rng.normal(0, 0.11, tone.size)) for _ in range(2)]
    canvas.lay(x, y, angles, size, paints, rng)


def paint_fallen_leaves(canvas, rng):
    """Heaps of leaves on the ground."""
    x, y = rng.uniform(0, ASPECT, 420), rng.uniform(SKYLINE + 0.03, 1.0, 420)
    heap = fractal(x * 3, y * 7, 3, 1500)
    lies = heap > 0.02
    x, y, heap = x[lies], y[lies], heap[lies]
    paint = palette(LEAVES, 0.5 + 0.8 * heap + rng.normal(0, 0.08, x.size))
    canvas.lay(x, y, rng.normal(0.1, 0.3, x.size), (85, 28), (paint, paint), rng)


def autumn_tree():
    """The style picture, painted from the back to the front."""
    canvas = Canvas(PAINTING_WIDTH, PAINTING_HEIGHT, rgb("d8a878"))
    paint_background(canvas, np.random.default_rng(20))
    rng = np.random.default_rng(21)  # its own, so that the background can change under the tree
    limbs = grow(0.655, 0.885, -np.pi / 2 + 0.03, 0.28, 0.105, 0, rng)
    # No bare twigs outside the leaves.
    limbs = [limb for limb in limbs if limb[5] < 2 or off_crown(limb[2:4]) < 1]
    clusters = leaf_clusters(limbs, rng)
    paint_limbs(canvas, limbs, (1, 2, 3), rng)
    paint_leaves(canvas, clusters, 9, (125, 44), (0.0, 0.62), -9.0, rng)
    paint_limbs(canvas, limbs, (0, 1, 2), rng)
    paint_leaves(canvas, clusters, 9, (100, 36), (0.08, 0.92), -0.35, rng)
    paint_leaves(canvas, clusters, 7, (80, 30), (0.15, 1.05), 0.30, rng)
    paint_fallen_leaves(canvas, rng)
    return canvas.lit()


def main():
    """Write both pictures beside this file."""
    folder = Path(__file__).resolve().parent
    for name, draw, quality in (("mountain", mountain, 85), ("autumn_tree", autumn_tree, 80)):
        path = folder / (name + ".jpg")
        to_bytes(draw()).save(path, quality=quality)
        print(path.name, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
