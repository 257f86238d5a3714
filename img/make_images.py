"""Draw the two pictures of the examples: a content "photo" and a style "painting".

    python make_images.py

writes beside this file

* ``mountain.jpg``, 1800 x 1200: a snowy mountain over a lake with firs. The mountain is a height
  field carved by simulated rivers and seen through a pinhole camera; the firs are drawn tuft by
  tuft.
* ``autumn_tree.jpg``, 1600 x 1120: an oak in autumn, painted with some thirty thousand brush
  strokes, coarse ones first. Each stroke follows the flow of what it depicts, carries two paints
  mixed by its bristles, and leaves a relief that is lit at the end.

Both are pure computation, NumPy and Pillow only, from fixed seeds: two runs give the same bytes
(with another NumPy, the rounding of a few pixels may differ).
No photograph and no painting went in, so both files are free to pass on. It takes about a minute.

Conventions: images are float arrays (height, width, 3) with values 0..1; lengths in the landscape
are kilometres, x to the right, z away from the camera.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

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
    return mix(paints[k], paints[k + 1], (t - k)[:, None])


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
    """Blue above, pale at the horizon, with high torn clouds."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / height
    down = np.clip(y / HORIZON, 0, 1)
    img = mix(rgb("3a6ca3"), rgb("86abca"), smoothstep(0, 0.75, down)[..., None])
    img = mix(img, rgb("dfe3df"), 0.9 * smoothstep(0.45, 1.05, down)[..., None])
    # The clouds lie in a plane overhead: nearer the horizon they are thinner and closer together.
    far = 1.0 / (1.16 - down)
    cx, cy = (x - 0.75) * far * 1.1, far * 1.5
    bend = fractal(cx * 1.3, cy * 1.3, 3, 500)

    def density(shift):
        return fractal(cx * 0.9 + 0.5 * bend + shift, cy * 1.4 + 0.35 * bend, 7, 520, gain=0.55)

    thick, towards_sun = density(0.0), density(-0.06)
    cover = smoothstep(-0.05, 0.42, thick + 0.12 * fractal(cx * 0.5, cy * 0.5, 2, 560))
    light = 0.72 + 1.5 * (thick - towards_sun) - 0.25 * smoothstep(0.1, 0.6, thick)
    cloud = mix(rgb("8d9db5"), rgb("fffaf0"), np.clip(light, 0, 1)[..., None])
    return mix(img, cloud, (0.85 * cover * smoothstep(1.05, 0.55, down))[..., None])


def ground_cover(height, steep, hollow, big, small):
    """The colour of the ground and its share of snow, from the lie of the land and two noises."""
    line = height + 0.35 * big + 0.12 * small - 0.10 * hollow["wide"] - 0.15 * hollow["narrow"]
    bare = steep + 0.54 * small + 0.55 * hollow["narrow"] + 0.55 * big
    bare = bare - 1.25 * smoothstep(1.2, 2.6, height)
    snow = smoothstep(1.05, 1.75, line) * (1 - smoothstep(1.85, 2.3, bare))
    strata = 0.5 + 0.5 * np.sin(height * 60 + 5 * big + 4 * small)
    tone = np.clip(0.45 + 0.5 * small + 0.25 * strata + 0.3 * big, 0, 1)[:, None]
    rock = mix(rgb("3d3c3f"), rgb("857d77"), tone)
    wood = mix(rgb("1a2a26"), rgb("3a4a38"), np.clip(0.5 + small, 0, 1)[:, None])
    wooded = smoothstep(1.05, 0.65, height + 0.3 * big + 0.1 * small)
    return mix(mix(rock, wood, wooded[:, None]), rgb("f4f5f7"), snow[:, None]), snow


def shade(terrain, x, z):
    """The colours of the terrain points (x, z), lit by sun and sky, seen through the air."""
    cell = EXTENT / terrain.shape[0]

    def at(a):
        return bilinear(a, (z - FRONT) / cell, (x - LEFT) / cell)

    slope_z, slope_x = np.gradient(terrain, cell)
    height, hx, hz, sun = at(terrain), at(slope_x), at(slope_z), at(sunlit(terrain, cell))
    # > 0 on crests, < 0 in hollows, at two scales
    hollow = {
        "narrow": at(np.clip((terrain - blur(terrain, 10)) / 0.04, -1, 1)),
        "wide": at(np.clip((terrain - blur(terrain, 40)) / 0.12, -1, 1)),
    }
    big = fractal(x * 2.0, z * 2.0, 4, 400)
    small = fractal(x * 26, z * 26, 3, 420, gain=0.7)
    albedo, snow = ground_cover(height, np.hypot(hx, hz), hollow, big, small)

    rough = mix(0.55, 0.10, snow)  # rock has facets, snow is smooth
    hx = hx + rough * fractal(x * 30, z * 30 + 3 * height, 3, 440, gain=0.7)
    hz = hz + rough * fractal(x * 30 + 9, z * 30 + 3 * height, 3, 460, gain=0.7)
    up = 1 / np.sqrt(1 + hx * hx + hz * hz)
    direct = np.clip((SUN[1] - hx * SUN[0] - hz * SUN[2]) * up, 0, 1) * sun
    open_sky = (
        (0.55 + 0.45 * up) * (0.80 + 0.20 * hollow["narrow"]) * (0.85 + 0.15 * hollow["wide"])
    )
    light = direct[:, None] * (1.22, 1.10, 0.92) + open_sky[:, None] * (0.27, 0.36, 0.52)

    air = 1 - np.exp(-0.030 * (z - 3) * np.exp(-0.55 * height))
    fog = smoothstep(0.95, 0.1, height + 0.28 * fractal(x * 0.9, z * 0.9, 4, 480))
    colour = mix(albedo * light, rgb("b3c5d8"), air[:, None])
    return mix(colour, rgb("dbe3ea"), (0.9 * fog * smoothstep(5, 9, z))[:, None])


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
# The photo: firs, mist, lake and meadow
# ------------------------------------------------------------------------------------------------


class FirSketch:
    """Two drawings with the same lines: how light each line is, and what is covered at all."""

    def __init__(self, width, height):
        self.pictures = [Image.new("L", (width, height), 0) for _ in range(2)]
        self.pens = [ImageDraw.Draw(picture) for picture in self.pictures]

    def line(self, x0, y0, x1, y1, light, width):
        """A line of the given lightness, 0..1."""
        ends = (float(x0), float(y0), float(x1), float(y1))
        width = max(1, int(round(width)))
        self.pens[0].line(ends, fill=int(np.clip(light, 0, 1) * 255), width=width)
        self.pens[1].line(ends, fill=255, width=width)

    def sprite(self, width, height):
        """The sketch at its final size: (lightness, coverage)."""
        light, cover = (
            np.asarray(picture.resize((width, height), Resampling.BOX), np.float32) / 255
            for picture in self.pictures
        )
        return np.clip(light / np.maximum(cover, 1e-3), 0, 1), cover


def fir(height, rng):
    """A fir: whorls of branches, each branch a row of tufts of needles, lit from the left."""
    full = 2 * height
    width = int(full * rng.uniform(0.34, 0.46))
    sketch = FirSketch(width, full)
    middle, lean = width / 2, rng.normal(0, 0.01) * full
    for u in np.linspace(0, 1, 40)[:-1]:
        foot = full * (u + 0.03)
        sketch.line(middle + lean * (1 - u), full * u, middle, foot, 0.12, 0.011 * full * u)
    whorls = int(rng.integers(30, 38) * (height / 300) ** 0.35)
    tuft = 0.016 * full / (height / 300) ** 0.3
    for k, fullness in enumerate(rng.uniform(0.75, 1.12, whorls)):
        v = ((k + 0.4) / whorls) ** 1.05  # 0 at the top of the tree, 1 at its foot
        for _ in range(7 + int(11 * v)):
            y = full * (0.015 + 0.955 * v + rng.normal(0, 0.008))
            reach = 0.46 * width * (0.03 + 0.97 * v**0.8) * fullness * rng.uniform(0.7, 1.05)
            draw_branch(sketch, middle + lean * (1 - v), y, reach, v, tuft, rng)
    return sketch.sprite(width // 2, height)


def draw_branch(sketch, x, y, reach, v, tuft, rng):
    """One branch from (x, y): it leaves the trunk in any direction, sags, and lifts its tip."""
    side = rng.uniform(-1, 1)  # its direction seen from the front: -1 left, 1 right
    depth = np.sqrt(1 - side * side) * rng.choice((-1, 1))  # and 1 towards the viewer
    droop = reach * (0.10 + 0.35 * v) * rng.uniform(0.6, 1.3)
    thin = max(1.0, 0.24 * tuft)
    for u in np.linspace(0.08, 1, max(2, int(reach * max(abs(side), 0.35) / (0.33 * tuft)))):
        px = x + side * reach * u
        py = y + droop * u**1.4 - 0.25 * droop * u**4 + 0.10 * reach * depth * u
        light = 0.10 + 0.30 * u * u - 0.24 * side * u + 0.10 * depth + rng.normal(0, 0.09)
        length = tuft * rng.uniform(0.5, 1.2) * (1.1 - 0.5 * u)
        end = px + (0.6 * side + rng.normal(0, 0.3)) * length
        sketch.line(px, py, end, py + length * rng.uniform(0.3, 1.0), light, thin)
        if rng.uniform() < 0.35:
            sketch.line(px, py, px + side * length, py - 0.15 * length, light + 0.16, thin)


def plant(img, sprite, size, x, foot, dark, light):
    """Put a fir of ``size`` pixels into the picture, its foot at (x, foot)."""
    tone, cover = sprite
    width = max(2, int(round(cover.shape[1] * size / cover.shape[0])))
    method = Resampling.BOX if 2 * size < cover.shape[0] else Resampling.BICUBIC
    tone = resize(tone * cover, width, size, method)
    cover = np.clip(resize(cover, width, size, method), 0, 1)
    tone = np.clip(tone / np.maximum(cover, 1e-3), 0, 1)
    x0, y0 = int(x - width / 2), int(foot - size)
    xa, xb = max(0, x0), min(img.shape[1], x0 + width)
    ya, yb = max(0, y0), min(img.shape[0], y0 + size)
    if xa >= xb or ya >= yb:
        return
    part = np.s_[ya - y0 : yb - y0, xa - x0 : xb - x0]
    colour = mix(dark, light, tone[part][..., None])
    img[ya:yb, xa:xb] = mix(img[ya:yb, xa:xb], colour, cover[part][..., None])


def wooded_ridge(img, sprites, crest, depth, size, haze, rng):
    """A ridge of firs from its ``crest`` (a row for each column) down, nearer rows larger."""
    height, width = img.shape[:2]
    far = rgb("b9c8d6")
    light, dark = (mix(rgb(code), far, haze) for code in ("879a56", "0f1a14"))
    y = np.arange(height, dtype=np.float32)[:, None]
    ground = smoothstep(0, size * 0.5, y - crest) * (y < crest + depth)
    img[:] = mix(img, mix(dark, light, 0.12), ground[..., None])
    rows, step = max(4, int(np.max(depth) / (0.28 * size))), 0.30 * size
    depth = np.broadcast_to(depth, crest.shape)
    for k in range(rows):
        u = k / (rows - 1)
        air = 0.22 * (1 - u)  # the rows of one ridge stand out from each other, too
        xs = np.arange(-step, width + step, step)
        xs = xs + rng.normal(0, 0.5 * step, xs.size)
        rng.shuffle(xs)  # or each tree would cover the one on its left
        # Trees grow in clumps: taller and brighter here, lower and darker there.
        clumps = fractal(xs / width * 9, np.full_like(xs, 0.13 * k + size), 3, 700)
        for x, clump in zip(xs, clumps):
            column = int(np.clip(x, 0, width - 1))
            foot = crest[column] + u * depth[column] + rng.normal(0, 0.05 * size)
            tall = size * (0.85 + 0.25 * u) * rng.uniform(0.62, 1.15) * (1 + 0.45 * clump)
            lit = mix(dark, light, 1.0 - 0.55 * np.clip(0.5 - 1.4 * clump, 0, 1))
            sprite = sprites[rng.integers(len(sprites))]
            plant(img, sprite, max(6, int(tall)), x, foot, mix(dark, far, air), mix(lit, far, air))


def mist(img, top, bottom, strength, seed):
    """The picture with a bank of mist between two rows."""
    height, width = img.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    n = fractal(x / width * 3.2, y / height * 9, 5, seed)
    bank = smoothstep(top, mix(top, bottom, 0.75), y + 50 * n) * smoothstep(bottom + 60, bottom, y)
    return mix(img, rgb("d3dde6"), (strength * bank * np.clip(0.75 + 0.6 * n, 0, 1))[..., None])


def flood(img, shore, seed):
    """Below the row ``shore``: the picture above it, upside down, stirred by small waves."""
    height, width = img.shape[:2]
    y, x = np.mgrid[shore:height, 0:width].astype(np.float32)
    near = (y - shore) / (height - shore)
    distance = 1 / (0.035 + near)
    wave = fractal(x / width * 2.5 * distance, 5.0 * distance, 4, seed, gain=0.6)
    breeze = smoothstep(-0.15, 0.45, fractal(x / width * 2.0, 3.5 * distance**0.5, 3, seed + 9))
    row = shore - 1.3 * (y - shore) + wave * (3 + 46 * near) * (0.35 + 0.65 * breeze)
    row, col = np.clip(row, 0, shore - 2), x + 3 * wave * near
    mirrored = np.stack([bilinear(img[..., k], row, col) for k in range(3)], -1)
    water = mix(rgb("16303d"), rgb("3f6470"), np.clip(0.5 + wave, 0, 1)[..., None])
    # The steeper one looks into the water, the less it reflects.
    reflected = 0.86 - 0.42 * near - 0.10 * breeze * np.clip(wave + 0.3, 0, 1)
    gleam = 0.16 * smoothstep(0.1, 0.5, wave) * breeze * smoothstep(0.0, 0.12, near)
    img[shore:] = mix(water, mirrored, reflected[..., None])
    img[shore:] = mix(img[shore:], rgb("c9d9e6"), gleam[..., None])


def meadow(img, edge, rng):
    """The picture with grass from the row ``edge`` (for each column) down, and a few flowers."""
    height, width = img.shape[:2]
    picture = to_bytes(img)
    pen = ImageDraw.Draw(picture)
    n = 26000
    xs, nearness = rng.uniform(0, width, n), np.sort(rng.uniform(0, 1, n))
    patches = fractal(xs / width * 7, nearness * 4, 4, 900)
    for x, u, patch in zip(xs, nearness, patches):
        y = mix(edge[int(x)], height + 30, u)
        length = (10 + 38 * u) * rng.uniform(0.5, 1.25) * (1 + 0.5 * patch)
        bend = length * rng.normal(0.12, 0.3)
        dry = mix(rgb("6f7a34"), rgb("b39a52"), np.clip(patch + 0.35, 0, 1))
        light = np.clip(0.42 + 0.9 * patch + rng.normal(0, 0.16), 0, 1)
        colour = mix(rgb("131a0d"), dry, light) * (1 - 0.25 * u)
        blade = (x, y, x + 0.4 * bend, y - 0.6 * length, x + bend, y - length)
        pen.line(blade, fill=tuple(int(255 * c) for c in colour), width=1 if u < 0.45 else 2)
        if patch > 0.12 and rng.uniform() < 0.022:
            r, cx, cy = 0.8 + 1.6 * u, x + bend, y - length
            petals = ("#ece8e1", "#d678a0", "#966ebe", "#f0c850")[int(rng.integers(4))]
            pen.ellipse((cx - r, cy - r, cx + r, cy + 0.7 * r), fill=petals)
    return np.asarray(picture, np.float32) / 255


def develop(img, rng):
    """What a camera adds: a glow around bright parts, contrast, darker corners, a little grain."""
    height, width = img.shape[:2]
    glow = np.stack([blur(np.clip(img[..., k] - 0.75, 0, 0.4), 12) for k in range(3)], -1)
    img = np.clip(img + 0.35 * glow, 0, 1)
    img = mix(img, img * img * (3 - 2 * img), 0.28)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    corner = (x / width - 0.5) ** 2 + (y / height - 0.5) ** 2
    return img * (1 - 0.28 * corner)[..., None] + rng.normal(0, 0.005, (height, width, 1))


# Foreground firs, (x, foot, size) in pixels, the farther ones first.
FOREGROUND = [
    (40, 1130, 560), (250, 1130, 430), (1560, 1140, 520), (1440, 1135, 330), (1780, 1150, 700),
    (150, 1170, 830), (1660, 1180, 880), (-40, 1190, 960), (345, 1150, 260), (1850, 1200, 600),
    (1345, 1150, 220),
]  # fmt: skip


def mountain():
    """The content picture, from the back to the front."""
    rng = np.random.default_rng(3)
    width, height = PHOTO_WIDTH, PHOTO_HEIGHT
    x = np.arange(width, dtype=np.float32) / width

    def outline(level, swing, frequency, seed):
        return level - swing * fractal(x * frequency + 3.3, 0 * x + seed, 5, seed, gain=0.42)

    img = mist(distant_view(width, height), 560, 700, 0.5, 800)
    large, small = [fir(720, rng) for _ in range(5)], [fir(240, rng) for _ in range(9)]
    wooded_ridge(img, small, outline(672, 130, 2.6, 610), 110, 24, 0.50, rng)
    img = mist(img, 670, 770, 0.8, 810)
    second = outline(728, 95, 1.9, 620) + 22 * np.sin(6 * x + 1.2)
    wooded_ridge(img, small, second, 80, 36, 0.27, rng)
    img = mist(img, 715, 765, 0.5, 820)
    shore = 785
    points = 80 * smoothstep(0.62, 1.0, x) + 45 * smoothstep(0.25, 0.0, x)
    third = outline(shore - 22, 16, 3.0, 630) - points
    wooded_ridge(img, small, third, shore - third, 58, 0.10, rng)
    flood(img, shore, 830)
    bank = 1120 - 20 * fractal(x * 3, 0 * x + 2, 4, 640)
    bank = bank - 80 * smoothstep(0.35, 0.0, x) - 50 * smoothstep(0.75, 1.0, x)
    img = meadow(img, bank, rng)
    for tree_x, foot, size in FOREGROUND:
        sprite = large[rng.integers(len(large))]
        plant(img, sprite, size, tree_x, foot, rgb("080d0a"), rgb("6f8046"))
    return develop(img, rng)


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
    bristles = fractal(2.3 * v + 40, 0.35 * u + variant, 3, 1000 + variant, gain=0.75)
    ragged = 0.22 * gradient_noise(2.2 * v, np.full_like(v, variant + 0.5), 1100 + variant)
    taper = 1.0 - 0.25 * smoothstep(0.2, 1.0, u)
    sides = smoothstep(1.0, 0.72, np.abs(v) / taper + 0.10 * bristles)
    ends = smoothstep(1.0, 0.86, u + ragged + 0.08) * smoothstep(-1.0, -0.9, u + 0.4 * ragged)
    # Towards the end the paint runs out, first between the bristles.
    dry = 0.8 * smoothstep(0.15, 0.95, u) * smoothstep(0.05, -0.35, bristles)
    cover = sides * ends * (1.0 - dry)
    # The brush pushes paint to the sides and to the end.
    rim = np.exp(-(((np.abs(v) - 0.72) / 0.16) ** 2)) + 0.8 * np.exp(-(((u - 0.78) / 0.12) ** 2))
    relief = cover * (0.55 + 0.55 * bristles + 0.40 * rim)
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
        depth += 0.75 * cover * (relief * size[1] / 10 - depth) + 0.12 * relief

    def lay(self, x, y, angles, size, paints, rng, spread=0.10):
        """Many strokes: ``paints`` is a pair of colour lists; each stroke varies its two paints."""
        n = len(x)
        bends, variants = rng.integers(0, len(BENDS), n), rng.integers(0, VARIANTS, n)
        value = 1 + rng.normal(0, spread, (2, n, 1))
        tint = rng.normal(0, 0.75 * spread, (2, n, 3))
        loaded = np.clip(np.stack(paints) * value + tint, 0.02, 1).astype(np.float32)
        for k in range(n):
            mark = self.mark(size, angles[k], bends[k], variants[k])
            self.stroke(x[k], y[k], size, mark, loaded[0, k], loaded[1, k])

    def lit(self):
        """The finished picture: light from the upper left on the relief, over a faint weave."""
        y, x = np.mgrid[0 : self.thickness.shape[0], 0 : self.thickness.shape[1]]
        weave = np.sin(1.55 * x) * np.sin(1.55 * y) * (1 - np.clip(self.thickness, 0, 1))
        relief = self.thickness + 0.035 * weave.astype(np.float32)
        down, right = np.gradient(0.6 * relief + 0.4 * blur(relief, 1))
        slope = 0.65 * right + 0.75 * down
        shading = 1.0 + np.clip(1.15 * slope, -0.42, 0.40)
        gloss = 0.20 * smoothstep(0.22, 0.62, slope)
        out = self.colour * shading[..., None] + gloss[..., None]
        grey = out.mean(-1, keepdims=True)
        return np.clip(mix(grey, out, 1.10), 0, 1)


# ------------------------------------------------------------------------------------------------
# The painting: what is on it. Positions are in heights of the picture, so x is 0..ASPECT
# ------------------------------------------------------------------------------------------------

PAINTING_WIDTH, PAINTING_HEIGHT = 1600, 1120
ASPECT = PAINTING_WIDTH / PAINTING_HEIGHT
SKYLINE = 0.70  # where the ground begins
CROWN = np.array([0.69, 0.375]), np.array([0.48, 0.30])  # an ellipse: its centre and half axes

SKY = "16305e 1d4f8c 1f7a9c 3fa7a8 6d7fc0 8f6fb5 9fd0c4 f2d98a"
WOOD = "1e2458 2d3f86 1f6a72 4a3b80 a3402f e0711f"
GROUND = "2b1d4a 5b2360 9c2a2f d4541c f08a1d f7b733"
LEAVES = "3a0f3a 6d1030 a81420 d63a12 f06a10 fb9a14 ffc62a ffe97a"
BARK = "150d1f 2a1830 4a2a30 6e4234 93704e 6a86a8"


def tree_shadow(x, y):
    """How deep in the tree's shadow the ground lies, 0..1."""
    return np.exp(-(((x - 0.86) / 0.40) ** 2 + ((y - 0.885) / 0.055) ** 2))


def background_colour(x, y, rng):
    """Sky, distant wood and ground."""
    n, m = fractal(x * 2.2, y * 2.2, 4, 1200), fractal(x * 5 + 9, y * 5, 3, 1210)
    glow = np.exp(-(((x - 1.12) ** 2) / 0.10 + ((y - 0.60) ** 2) / 0.02))
    high = 0.42 + 0.30 * (y / SKYLINE - 0.5) + 0.55 * n + 0.22 * m + 0.62 * glow
    sky_paint = palette(SKY, high + rng.normal(0, 0.07, x.size))
    wood_paint = palette(WOOD, 0.42 + 0.9 * m + 0.4 * n + rng.normal(0, 0.12, x.size))
    warm = 0.66 + 0.55 * n + 0.30 * m - 0.75 * tree_shadow(x, y)
    ground_paint = palette(GROUND, warm + rng.normal(0, 0.10, x.size))
    wood_top = SKYLINE - 0.075 - 0.06 * fractal(x * 3.1, 0 * x, 4, 1220)
    ground_top = SKYLINE + 0.012 * np.sin(5 * x)
    above = np.where((y > wood_top)[:, None], wood_paint, sky_paint)
    return np.where((y > ground_top)[:, None], ground_paint, above)


def background_angle(x, y, rng):
    """The sky swirls, the wood stands upright, the ground flows to the side."""
    swirl = 1.5 * np.pi * fractal(x * 1.25, y * 1.25, 2, 1300)
    upright = -np.pi / 2 + 0.5 * fractal(x * 6, y * 6, 2, 1310)
    level = 0.10 + 0.9 * fractal(x * 2.0, y * 4.0, 2, 1320) + 0.25 * (x - 0.7)
    angle = np.where(y < SKYLINE - 0.09, swirl, np.where(y < SKYLINE, upright, level))
    return angle + rng.normal(0, 0.14, x.size)


def paint_background(canvas, rng):
    """Three coats over the whole canvas, the brushes smaller and smaller."""
    for n, size, spread in (
        (2200, (104, 30), 0.10),
        (4800, (66, 19), 0.12),
        (4000, (46, 13), 0.13),
    ):
        x, y = rng.uniform(-0.02, ASPECT + 0.02, n), rng.uniform(-0.02, 1.02, n)
        paints = background_colour(x, y, rng), background_colour(x, y, rng)
        angles = background_angle(x, y, rng)
        canvas.lay(x * PAINTING_HEIGHT, y * PAINTING_HEIGHT, angles, size, paints, rng, spread)


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
        if level == 1 and k in (2, 3):
            turn = rng.choice((-1, 1)) * rng.uniform(0.6, 1.0)
            limbs += grow(x, y, angle + turn, 0.55 * length, 0.5 * thick, 2, rng)
    if level == 0:
        forks, shrink = (-1.12, -0.55, -0.08, 0.45, 1.05), (0.86, 0.52)
    else:
        forks = (-0.5, 0.05, 0.5) if level < 3 else (-0.4, 0.4)
        shrink = (1.0, 0.62)
    for fork in forks if level < 5 else ():
        turn = fork + rng.normal(0, 0.10)
        reach = length * rng.uniform(0.66, 0.86) * shrink[0]
        limbs += grow(x, y, angle + turn, reach, thick * shrink[1], level + 1, rng)
    return limbs


def paint_limbs(canvas, limbs, levels, rng, keep=1.0):
    """Bark: strokes along the limbs of some levels, lighter on the left."""
    for x0, y0, x1, y1, width, level in limbs:
        if level not in levels or rng.uniform() > keep:
            continue
        size = (50, 13) if width > 0.03 else (36, 9) if width > 0.012 else (28, 6)
        length, angle = np.hypot(x1 - x0, y1 - y0), np.arctan2(y1 - y0, x1 - x0)
        n = int(3.2 * length * width * PAINTING_HEIGHT**2 / (size[0] * size[1])) + 4
        t, side = rng.uniform(0, 1, n), rng.uniform(-0.5, 0.5, n)
        # The foot of the trunk spreads into roots.
        spread = 1 + 0.9 * smoothstep(0.80, 0.90, mix(y0, y1, t)) * (level == 0)
        x = mix(x0, x1, t) - np.sin(angle) * side * width * spread
        y = mix(y0, y1, t) + np.cos(angle) * side * width
        lit = np.sin(angle) * side
        paints = (
            palette(BARK, 0.36 + 0.75 * lit + rng.normal(0, 0.13, n)),
            palette(BARK, 0.30 + 0.90 * lit + rng.normal(0, 0.20, n)),
        )
        angles = angle + rng.normal(0, 0.12, n)
        canvas.lay(x * PAINTING_HEIGHT, y * PAINTING_HEIGHT, angles, size, paints, rng)


def off_crown(points):
    """0 at the centre of the crown, 1 on its outline."""
    return np.hypot(*((np.asarray(points) - CROWN[0]) / CROWN[1]).T)


def leaf_clusters(limbs, rng):
    """Balls of leaves at the ends of twigs and inside the crown: their centres and radii."""
    twigs = np.array([limb[2:4] for limb in limbs if limb[5] >= 3])
    twigs = twigs[rng.permutation(len(twigs))[:130]]
    inside = rng.normal(0, 1, (70, 2)) * (0.21, 0.13) + CROWN[0]
    centres = np.concatenate([twigs, inside])
    centres = centres[off_crown(centres) < 0.9]
    return centres, rng.uniform(0.035, 0.075, len(centres))


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
    tone = 0.44 + 0.34 * own + 0.20 * whole + 0.40 * fractal(x * 2.3, y * 2.3, 3, 1400)
    tone = tone + rng.normal(0, 0.08, k.size)
    seen = np.flatnonzero(own + 0.6 * whole + rng.normal(0, 0.3, k.size) > least_light)
    order = seen[np.argsort((tone + rng.normal(0, 0.2, k.size))[seen])]
    angles = phi[order] + np.pi / 2 + rng.normal(0, 0.45, order.size)
    x, y, tone = x[order] * PAINTING_HEIGHT, y[order] * PAINTING_HEIGHT, tone[order]
    other = tone + rng.normal(0, 0.14, order.size)
    paints = palette(LEAVES, mix(*tones, tone)), palette(LEAVES, mix(*tones, other))
    canvas.lay(x, y, angles, size, paints, rng, 0.09)


def paint_fallen_leaves(canvas, rng):
    """Heaps of leaves on the ground, and a few still in the air."""
    x, y = rng.uniform(0, ASPECT, 2300), rng.uniform(SKYLINE + 0.02, 1.0, 2300)
    heap = fractal(x * 4, y * 9, 3, 1500)
    lies = heap + rng.normal(0, 0.15, heap.size) > 0
    x, y, heap = x[lies], y[lies], heap[lies]
    tone = 0.62 + 0.7 * heap - 0.45 * tree_shadow(x, y) + rng.normal(0, 0.12, x.size)
    angles = rng.normal(0.1, 0.5, x.size)
    paint = palette(LEAVES, tone)
    canvas.lay(x * PAINTING_HEIGHT, y * PAINTING_HEIGHT, angles, (28, 10), (paint, paint), rng)

    x, y = rng.uniform(0.05, ASPECT - 0.05, 110), rng.uniform(0.35, 0.86, 110)
    paint = palette(LEAVES, rng.uniform(0.4, 1, x.size))
    angles = rng.uniform(0, 2 * np.pi, x.size)
    canvas.lay(x * PAINTING_HEIGHT, y * PAINTING_HEIGHT, angles, (21, 9), (paint, paint), rng)


def autumn_tree():
    """The style picture, painted from the back to the front."""
    canvas = Canvas(PAINTING_WIDTH, PAINTING_HEIGHT, rgb("7a3b1e"))
    paint_background(canvas, np.random.default_rng(20))
    rng = np.random.default_rng(21)  # its own, so that the background can change under the tree
    limbs = grow(0.655, 0.885, -np.pi / 2 + 0.03, 0.28, 0.105, 0, rng)
    # No bare twigs outside the leaves.
    limbs = [limb for limb in limbs if limb[5] < 2 or off_crown(limb[2:4]) < 1]
    clusters = leaf_clusters(limbs, rng)
    paint_limbs(canvas, limbs, range(1, 6), rng)
    paint_leaves(canvas, clusters, 13, (50, 17), (0.0, 0.62), -9.0, rng)
    paint_limbs(canvas, limbs, range(0, 3), rng)
    paint_limbs(canvas, limbs, range(3, 5), rng, keep=0.4)
    paint_leaves(canvas, clusters, 23, (39, 14), (0.03, 0.97), -0.35, rng)
    paint_leaves(canvas, clusters, 20, (29, 11), (0.12, 1.10), 0.30, rng)
    paint_fallen_leaves(canvas, rng)
    return canvas.lit()


def main():
    """Write both pictures beside this file."""
    folder = Path(__file__).resolve().parent
    for name, draw, quality in (("mountain", mountain, 85), ("autumn_tree", autumn_tree, 75)):
        path = folder / (name + ".jpg")
        to_bytes(draw()).save(path, quality=quality)
        print(path.name, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
