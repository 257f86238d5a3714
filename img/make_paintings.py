"""Draw five paintings, as style pictures for one's own photos: a swirling night, a composition
with black and red outlines, ink on paper, a stained glass window, and a woodcut's waves.

    python make_paintings.py [NAME ...]

writes `night.jpg`, `outlines.jpg`, `ink.jpg`, `glass.jpg` and `waves.jpg` beside this file, or
those that are named. As in `make_images.py`, whose tools these are, everything is computed from
fixed seeds: no photograph and no painting went in. A style picture counts by its texture at the
scale of strokes, so each has one size of stroke, seen from afar.

Conventions: pictures are float arrays (height, width, 3) with values 0..1; x and y are in heights
of the picture, x to the right and y down.
"""

import sys
from pathlib import Path

import numpy as np
from make_images import (
    Resampling,
    bilinear,
    blur,
    fractal,
    gradient_noise,
    mix,
    palette,
    rgb,
    smoothstep,
    to_bytes,
)

WIDTH, HEIGHT = 1200, 900
ASPECT = WIDTH / HEIGHT


def plane():
    """The coordinates x, y of all pixels."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32) / HEIGHT
    return x, y


def distance_to(f):
    """Distance to the curve f = 0 in heights of the picture, with the sign of f."""
    down, right = np.gradient(f, 1 / HEIGHT)
    return f / np.maximum(np.hypot(down, right), 1e-3)


# ------------------------------------------------------------------------------------------------
# Oil: strokes that follow the flow
# ------------------------------------------------------------------------------------------------


class Oil:
    """A canvas, its paint and how thick it lies; the ground shows where no stroke came."""

    def __init__(self, ground, seed):
        self.colour = np.array(ground, np.float32)
        self.thickness = np.zeros((HEIGHT, WIDTH), np.float32)
        self.rng = np.random.default_rng(seed)

    def stroke(self, path, width, first, second, dry=0.0):
        """A brush drawn along `path`, pixels (n, 2), two paints side by side in its bristles."""
        r = width / 2
        (x0, y0), (x1, y1) = path.min(0) - r - 2, path.max(0) + r + 2
        x0, y0 = max(int(x0), 0), max(int(y0), 0)
        x1, y1 = min(int(x1) + 1, WIDTH), min(int(y1) + 1, HEIGHT)
        if x0 >= x1 or y0 >= y1:
            return
        y, x = np.mgrid[y0:y1, x0:x1].astype(np.float32)
        nearest = np.full(x.shape, np.inf, np.float32)
        along, across = np.zeros_like(x), np.zeros_like(x)
        for k in range(len(path) - 1):
            (ax, ay), (bx, by) = path[k], path[k + 1]
            dx, dy = bx - ax, by - ay
            square = max(dx * dx + dy * dy, 1e-6)
            t = ((x - ax) * dx + (y - ay) * dy) / square
            # The ends are open, so that a stroke ends as a brush does.
            t = np.clip(t, -1e3 if k == 0 else 0, 1e3 if k == len(path) - 2 else 1)
            ox, oy = x - ax - t * dx, y - ay - t * dy
            d = ox * ox + oy * oy
            closer = d < nearest
            nearest[closer] = d[closer]
            along[closer] = ((k + t) / (len(path) - 1))[closer]
            side = (dx * oy - dy * ox) / np.sqrt(square)
            across[closer] = side[closer] / r
        bristles = self.rng.normal(0, 1, (5, int(width * 0.7) + 6)).astype(np.float32)
        bristles = (bristles + np.roll(bristles, 1, 1)) * 0.7
        column = (across * 0.5 + 0.5) * (bristles.shape[1] - 2)
        hair = bilinear(bristles, np.clip(along, 0, 1) * 3.9, column)
        ends = smoothstep(-0.04, 0.03, along + 0.03 * hair)
        ends *= smoothstep(1.04, 0.96, along + 0.07 * hair)
        edge = smoothstep(1.0, 0.82, np.abs(across) + 0.06 * hair)
        cover = ends * edge
        if dry:
            cover = cover * smoothstep(-0.5, 0.5, hair + 2.2 - 3.6 * dry * (0.4 + along))
        rim = np.exp(-(((np.abs(across) - 0.74) / 0.17) ** 2)) + np.exp(
            -(((along - 0.93) / 0.05) ** 2)
        )
        relief = cover * (0.6 + 0.22 * hair + 0.4 * rim)
        paint = mix(first, second, np.clip(0.5 + 0.35 * hair, 0, 1)[..., None])
        here, depth = self.colour[y0:y1, x0:x1], self.thickness[y0:y1, x0:x1]
        here += (paint - here) * (0.96 * cover)[..., None]
        depth += 0.8 * cover * (relief * width / 16 - depth) + 0.10 * relief

    def coat(self, colour, angle, where, count, length, width, spread=0.06, dry=0.0):
        """`count` strokes over the places `where`, coloured and turned as the maps say."""
        rng = self.rng
        ys, xs = np.nonzero(where)
        chosen = rng.integers(0, len(ys), count)
        x, y = xs[chosen].astype(np.float32), ys[chosen].astype(np.float32)
        steps, length = 10, length * rng.uniform(0.6, 1.2, count)
        # Of directions, not of arrows: there and back are the same, so angles count twice.
        cos, sin = np.cos(2 * angle), np.sin(2 * angle)
        start = 0.5 * np.arctan2(bilinear(sin, y, x), bilinear(cos, y, x))
        halves = []
        for way in (-1, 1):  # from the middle to both ends
            cx, cy, half = x, y, []
            old = way * np.cos(start), way * np.sin(start)
            for _ in range(steps // 2):
                own = 0.5 * np.arctan2(bilinear(sin, cy, cx), bilinear(cos, cy, cx))
                dx, dy = np.cos(own), np.sin(own)
                turn = np.where(dx * old[0] + dy * old[1] < 0, -1, 1) * length / steps
                cx, cy, old = cx + turn * dx, cy + turn * dy, (turn * dx, turn * dy)
                half.append(np.stack([cx, cy], 1))
            halves.append(half)
        paths = [*halves[0][::-1], np.stack([x, y], 1), *halves[1]]
        paths = np.stack(paths, 1)
        base = colour[ys[chosen], xs[chosen]]
        for k in range(count):
            value = 1 + rng.normal(0, spread, (2, 1))
            pair = np.clip(base[k] * value + rng.normal(0, 0.45 * spread, (2, 3)), 0.01, 1)
            wide = width * rng.uniform(0.75, 1.2)
            self.stroke(paths[k], wide, *pair.astype(np.float32), dry=dry)

    def lit(self, strength=2.4):
        """The finished picture: light from the upper left on the paint and the weave below it."""
        x, y = plane()
        weave = np.sin(x * 900 * 0.9) * np.sin(y * 900 * 0.9)
        height = 0.35 * self.thickness + 0.65 * blur(self.thickness, 2) + 0.05 * weave
        down, right = np.gradient(height)
        shading = 1 + np.clip(strength * (0.6 * right + 0.7 * down), -0.42, 0.34)
        return np.clip(self.colour * shading[..., None], 0, 1)


# ------------------------------------------------------------------------------------------------
# Night
# ------------------------------------------------------------------------------------------------

# x, y, radius, turn
VORTICES = [(0.56, 0.30, 0.17, 1), (0.93, 0.40, 0.11, -1), (0.20, 0.44, 0.10, -1)]
STARS = [
    (0.09, 0.13, 0.038), (0.33, 0.08, 0.030), (0.70, 0.08, 0.036), (0.90, 0.17, 0.030),
    (0.42, 0.52, 0.026), (0.77, 0.27, 0.024), (0.06, 0.33, 0.026), (1.25, 0.44, 0.030),
]  # fmt: skip
MOON = (1.15, 0.15, 0.078)
NIGHT = "10194a 17307c 2350a4 2f74c0 4f9fd0 8cc6d8 d5e6d2 efe7b4"
HILLS = "13224e 1d3f77 27628c 3f8a8c 7fae86"
MEADOW = "1a3f4a 2c6a58 5b9450 9cb24c d9c65a"


def night():
    """A swirling sky over hills, with a cypress."""
    x, y = plane()
    psi = y * 1.0 + 0.10 * fractal(x * 1.5, y * 1.5, 3, 2000)
    ring = np.zeros_like(x)
    for vx, vy, radius, turn in VORTICES:
        r = np.hypot(x - vx, y - vy)
        near = np.exp(-((r / radius) ** 2) / 1.6)
        spiral = np.arctan2(y - vy, x - vx) * turn
        psi = psi + turn * 0.34 * near
        ring = ring + near * np.cos(r / radius * 7.5 + spiral * 1.0)
    down, right = np.gradient(blur(psi, 4), 1 / HEIGHT)
    angle = np.arctan2(-right, down)
    band = 0.5 + 0.5 * np.sin(psi * 26 + 3 * fractal(x * 2, y * 2, 2, 2010))
    tone = 0.12 + 0.34 * band + 0.22 * fractal(x * 2.2, y * 3, 3, 2020) + 0.28 * ring
    tone = tone + 0.22 * smoothstep(0.25, 0.62, y)
    colour = palette(NIGHT, tone)
    # Around its light a star's strokes run in rings.
    for sx, sy, size in [*STARS, MOON]:
        r = np.hypot(x - sx, y - sy) / size
        near = smoothstep(2.7, 1.5, r)
        own = np.arctan2(x - sx, -(y - sy))
        turned = np.cos(own - angle) < 0
        own = np.where(turned, own + np.pi, own)
        angle = mix(angle, angle + np.angle(np.exp(1j * (own - angle))), near)
        glow = palette("2350a4 4f9fd0 9cd0c4 e8e29a f6d24e fbe98c fff8da", 1.12 - r / 2.4)
        rings = 0.08 * np.sin(r * 9)[..., None]
        colour = mix(colour, glow + rings, (0.96 * smoothstep(2.5, 1.3, r))[..., None])
    mx, my, size = MOON
    crescent = (np.hypot(x - mx, y - my) < size * 0.8) & (
        np.hypot(x - mx - 0.045, y - my - 0.012) > size * 0.62
    )
    colour = mix(colour, rgb("f59a2e"), crescent[..., None] * 0.85)
    # Hills, from the back to the front.
    land = np.zeros(x.shape, bool)
    ridges = [(0.64, 0.075, 1.4, HILLS, 0.10), (0.715, 0.06, 1.9, HILLS, 0.30)]
    ridges += [(0.79, 0.05, 1.6, MEADOW, 0.05), (0.87, 0.05, 1.3, MEADOW, 0.28)]
    for level, swing, frequency, paints, light in ridges:
        crest = level - swing * fractal(x * frequency + level * 9, 0 * x + level, 3, 2100)
        crest = crest - 0.05 * smoothstep(0.9, 1.33, x) * (level < 0.75)
        inside = y > crest
        fall = y - crest
        waves = fall * 20 + 2.2 * fractal(x * 3, y * 3, 3, 2150)
        tone = light + 0.30 + 0.26 * np.sin(waves) + 0.20 * fractal(x * 5, y * 8, 3, 2160)
        colour = np.where(
            inside[..., None],
            palette(paints, tone - 0.5 * smoothstep(0, 0.2, fall) * (paints is HILLS)),
            colour,
        )
        slope = np.gradient(crest, 1 / HEIGHT, axis=1)
        own = np.arctan(slope + 0.5 * np.cos(waves)) + 0.25 * fractal(x * 4, y * 4, 2, 2170)
        angle = np.where(inside, own, angle)
        land |= inside
    sky = ~land
    oil = Oil(0.7 * colour, 41)
    oil.coat(colour, angle, np.ones_like(sky), 1500, 120, 26, 0.07)
    oil.coat(colour, angle, sky, 2500, 92, 17, 0.11)
    oil.coat(colour, angle, land, 1150, 76, 15, 0.12)
    bright = colour.mean(2) > 0.55
    oil.coat(np.clip(colour * 1.08, 0, 1), angle, bright & sky, 900, 62, 12, 0.10)
    village(oil)
    cypress(oil, 0.235, 1.02, 0.86, 0.075)
    cypress(oil, 0.325, 1.02, 0.45, 0.045)
    return oil.lit()


def village(oil):
    """Some houses in the valley, with light in their windows, and a steeple."""
    rng = np.random.default_rng(5)
    for k in range(13):
        x, y = 0.50 + 0.058 * k + rng.normal(0, 0.008), 0.80 + rng.normal(0, 0.016)
        w, h = rng.uniform(0.035, 0.055), rng.uniform(0.026, 0.040)
        wall = palette("34507c 5f7f9c 9fb0a4", rng.uniform(0, 1, 1))[0]
        roof = palette("28305c 7a3f3a b8643c", rng.uniform(0, 1, 1))[0]

        def line(points, width, paint, to=1.15):
            path = np.linspace(0, 1, 4)[:, None] * (np.subtract(points[1], points[0])) + points[0]
            oil.stroke(path * HEIGHT, width * HEIGHT, paint * 1.0, np.clip(paint * to, 0, 1))

        line([(x - w / 2, y), (x + w / 2, y)], h, wall)
        line([(x - w * 0.62, y - h * 0.5), (x, y - h * 1.15)], 0.014, roof)
        line([(x, y - h * 1.15), (x + w * 0.62, y - h * 0.5)], 0.014, roof)
        if rng.uniform() < 0.75:
            line([(x - 0.005, y), (x + 0.007, y)], 0.011, rgb("ffd75a"))
        if k == 6:
            line([(x, y), (x, y - 0.12)], 0.018, rgb("4c6a94"))
            line([(x, y - 0.10), (x, y - 0.185)], 0.007, rgb("24305c"))


def cypress(oil, x, foot, tall, wide):
    """A dark flame of strokes."""
    rng = np.random.default_rng(int(1000 * x))
    for k in range(int(2600 * tall * wide**0.5)):
        up = rng.uniform(0, 1) ** 0.8
        across = rng.normal(0, 0.42)
        envelope = wide * (1 - up) ** 0.7 * (1 + 0.3 * np.sin(11 * up + 1))
        t = np.linspace(0, 1, 6)
        rise = 0.085 * (0.6 + rng.uniform())
        sx = x + across * envelope + 0.018 * np.sin(9 * (up + t * rise / tall) + 2)
        sx = sx - across * envelope * t * 0.45 + 0.008 * np.sin(7 * t + k)
        sy = foot - up * tall - t * rise
        light = 0.34 - 0.32 * across + rng.normal(0, 0.22)
        paint = palette("0c1a22 14312e 20503a 486f36 8f8a3e", np.array([light]))[0]
        path = np.stack([sx, sy], 1) * HEIGHT
        oil.stroke(path, rng.uniform(9, 15), paint, np.clip(paint * 1.5, 0, 1))


# ------------------------------------------------------------------------------------------------
# Waves
# ------------------------------------------------------------------------------------------------


def twisted(x, y, centre, radius, turn):
    """Coordinates turned around a centre, most in its middle: what was level becomes a spiral."""
    dx, dy = x - centre[0], y - centre[1]
    angle = turn * np.exp(-((np.hypot(dx, dy) / radius) ** 2))
    cos, sin = np.cos(angle), np.sin(angle)
    return centre[0] + cos * dx - sin * dy, centre[1] + sin * dx + cos * dy


def waves():
    """A woodcut: breaking waves, in lines and flat inks on paper."""
    x, y = plane()
    paper = rgb("eadfbf") * (1 + 0.03 * fractal(x * 60, y * 60, 3, 3000)[..., None])
    grain = fractal(x * 2.2, y * 46 + 1.5 * fractal(x * 1.2, y * 2, 2, 3010), 3, 3020)
    sky = palette("c9b78f dccba2 e9dcbc efe6cc", 0.1 + 1.3 * y + 0.10 * grain)
    picture = sky * 1.0
    # The sun, and a far mountain with snow.
    sun = smoothstep(0.083, 0.080, np.hypot(x - 0.98, y - 0.22))
    picture = mix(picture, rgb("c8452e") * (1 + 0.07 * grain[..., None]), sun[..., None])
    # Bands of cloud: carved lines that part and meet.
    drift = y * 15 + 1.6 * fractal(x * 1.1, y * 2.5, 3, 3025)
    band = np.abs(np.sin(np.pi * drift))
    veil = fractal(x * 0.9 + 4, y * 3.2, 3, 3027)
    cloud = smoothstep(0.02, 0.10, veil) * smoothstep(0.62, 0.40, y)
    picture = mix(picture, rgb("f4ecd2"), (0.75 * cloud)[..., None])
    carved = smoothstep(0.30, 0.16, band + 0.5 * smoothstep(0.10, -0.02, veil)) * cloud
    picture = mix(picture, rgb("6d86a0"), (0.85 * carved)[..., None])
    rim = smoothstep(0.0042, 0.0022, np.abs(distance_to(veil - 0.03))) * smoothstep(0.6, 0.4, y)
    picture = mix(picture, rgb("41597a"), (0.9 * rim)[..., None])
    peak = 0.42 + 0.62 * np.abs(x - 0.80) ** 0.86 + 0.006 * fractal(x * 20, 0 * x, 2, 3030)
    tongues = np.abs(2 * np.modf(x * 17 + 0.6 * fractal(x * 3, 0 * x, 2, 3035))[0] - 1)
    snow = 0.475 + 0.06 * tongues + 0.03 * fractal(x * 9, 0 * x, 2, 3036)
    mountain = smoothstep(-0.002, 0.002, y - peak)
    picture = mix(picture, rgb("47617c") * (1 + 0.08 * grain[..., None]), mountain[..., None])
    picture = mix(picture, rgb("f3ecd8"), (mountain * (y < snow))[..., None])
    picture = mix(picture, rgb("1b2b4b"), (smoothstep(0.0045, 0.0025, np.abs(y - peak)))[..., None])
    for wave in WAVES:
        picture = sea(picture, x, y, grain, *wave)
    # The block presses its grain on the paper, and its ink is thin here and there.
    press = 0.5 + 0.5 * fractal(x * 5, y * 5, 4, 3040)
    worn = smoothstep(0.50, 0.72, fractal(x * 140, y * 140, 2, 3050) + 0.25 * grain)
    picture = mix(picture, paper, (0.10 + 0.10 * press + 0.30 * worn)[..., None])
    return np.clip(picture * (1 + 0.035 * grain[..., None]), 0, 1)


# level, height and length of the waves, shift; the breaker: centre, radius, turn; seed
WAVES = [
    (0.66, 0.030, 0.30, 0.1, (0.97, 0.66), 0.09, 1.7, 1),
    (0.70, 0.055, 0.52, 0.30, (1.22, 0.60), 0.15, 2.6, 2),
    (0.74, 0.075, 0.95, 0.02, (0.50, 0.42), 0.29, 3.0, 3),
    (0.90, 0.060, 0.62, 0.35, (1.02, 0.83), 0.14, 2.0, 4),
    (1.00, 0.050, 0.50, 0.05, (0.34, 0.92), 0.11, 2.0, 5),
]


def sea(picture, x, y, grain, level, swing, length, shift, centre, radius, turn, seed):
    """One row of waves over the picture: stripes of ink below a crest of foam."""
    tx, ty = twisted(x, y, centre, radius, -turn)
    phase = (tx / length + shift) * 2 * np.pi + 0.5 * fractal(tx * 2, 0 * tx, 2, 3100 + seed)
    crest = level - swing * (1 - 2 * np.abs(np.sin(phase / 2)))
    hump = 0.42 * np.exp(-(((tx - centre[0]) / (1.5 * radius)) ** 2)) * radius
    fall = ty - crest + 1.6 * hump
    fall = fall + 0.004 * fractal(x * 9, y * 9, 2, 3150 + seed)
    d = distance_to(fall)
    # Foam: round lobes along the crest, and fingers that hang from them.
    lobes = cells(x * 30, y * 30, seed)
    reach = 0.030 + 0.05 * smoothstep(
        1.9 * radius, 0.5 * radius, np.hypot(x - centre[0], y - centre[1])
    )
    edge = d - reach * (0.55 + 0.75 * lobes + 0.5 * fractal(x * 7, y * 7, 2, 3170 + seed))
    water = smoothstep(-0.0015, 0.0015, d)
    stripes = np.sin(fall * 2 * np.pi / 0.034 + 1.2 * fractal(x * 3, y * 3, 2, 3190 + seed))
    thick = 0.25 + 0.9 * fractal(x * 2.5, y * 2.5, 2, 3200 + seed)
    ink = palette(
        "d5dfd2 9fbcc2 5f90ad 2c5f90", 0.25 + 1.2 * smoothstep(0.0, 0.25, fall) + 0.4 * thick
    )
    dark = smoothstep(-0.15, 0.15, stripes + 0.9 * thick - 0.4)
    ink = mix(ink, rgb("1f4076") * (1 + 0.10 * grain[..., None]), (0.95 * dark)[..., None])
    foam = smoothstep(0.0015, -0.0015, edge)
    scallop = smoothstep(0.30, 0.22, np.abs(lobes - 0.62)) * smoothstep(0.012, 0.03, np.abs(edge))
    white = mix(rgb("f5efdc"), rgb("a9c3c8"), (0.75 * scallop)[..., None])
    ink = mix(ink, white, foam[..., None])
    line = smoothstep(0.0042, 0.0022, np.abs(edge)) * (d > 0)
    line = np.maximum(line, smoothstep(0.0048, 0.0028, np.abs(d)))
    ink = mix(ink, rgb("16264c"), line[..., None])
    cover = np.maximum(water, line)[..., None]
    picture = mix(picture, ink, cover)
    # Spray above the crest.
    rng = np.random.default_rng(seed)
    near = (d < -0.006) & (d > -0.06) & (np.hypot(x - centre[0], y - centre[1]) < 2.2 * radius)
    ys, xs = np.nonzero(near)
    for k in rng.integers(0, max(len(ys), 1), int(260 * radius) if len(ys) else 0):
        r = rng.uniform(0.002, 0.006) * HEIGHT
        x0, y0 = xs[k], ys[k]
        part = np.s_[max(y0 - 7, 0) : y0 + 8, max(x0 - 7, 0) : x0 + 8]
        own = np.hypot(x[part] * HEIGHT - x0, y[part] * HEIGHT - y0)
        picture[part] = mix(
            picture[part], rgb("f7f2e2"), smoothstep(r + 0.7, r - 0.7, own)[..., None]
        )
    return picture


def cells(x, y, seed):
    """1 in the middle of round cells, one for each unit, and 0 between them."""
    best = np.full(x.shape, 9.0, np.float32)
    xi, yi = np.floor(x).astype(int), np.floor(y).astype(int)
    table = np.random.default_rng(3300 + seed).uniform(0.15, 0.85, (64, 64, 2)).astype(np.float32)
    for i in (-1, 0, 1):
        for j in (-1, 0, 1):
            at = table[(yi + j) & 63, (xi + i) & 63]
            best = np.minimum(best, np.hypot(x - xi - i - at[..., 0], y - yi - j - at[..., 1]))
    return np.clip(1 - best / 0.75, 0, 1)


# ------------------------------------------------------------------------------------------------
# Glass
# ------------------------------------------------------------------------------------------------


def glass():
    """A window: a sun over hills and a river, pieces of coloured glass in lead."""
    rng = np.random.default_rng(61)
    x, y = plane()
    cx, cy = 0.80, 0.36
    wx, wy = (c + 0.005 * fractal(x * 5, y * 5, 2, 4000 + k) for k, c in enumerate((x, y)))
    horizon = distance_to(wy - hill(wx, 0))
    # The sky: rings around the sun, cut into pieces.
    r, theta = np.hypot(wx - cx, wy - cy), np.arctan2(wy - cy, wx - cx) / (2 * np.pi)
    ring = np.searchsorted(RINGS, r)
    counts = np.array([1, 8, 16, 16, 24, 24, 32, 32, 40, 40])[ring]
    part = (theta + 0.5 * (ring % 2) / counts) * counts
    piece_sky = ring * 64 + np.floor(part).astype(int) % counts
    edges = np.array([-9.0, *RINGS, 9.0])
    to_ring = np.minimum(r - edges[ring], edges[ring + 1] - r)
    to_ray = np.abs(part - np.round(part)) / counts * 2 * np.pi * r
    gap = np.minimum(to_ring, np.where(ring == 0, 9, to_ray)) * 2
    # The land: stones in rows along the hills.
    points = []
    for k, level in enumerate(np.arange(0.03, 0.42, 0.062)):
        for px in np.arange(-0.1, ASPECT + 0.15, 0.145) + 0.07 * (k % 2) + rng.normal(0, 0.02):
            points.append((px + rng.normal(0, 0.016), hill(px, 0) + level + rng.normal(0, 0.006)))
    points = np.array(points, np.float32)
    first = np.full(x.shape, 9.0, np.float32)
    second, index = first.copy(), np.zeros(x.shape, int)
    for k, (px, py) in enumerate(points):
        d = np.hypot(0.62 * (wx - px), wy - py)
        closer = d < first
        second = np.where(closer, first, np.minimum(second, d))
        first, index = np.where(closer, d, first), np.where(closer, k, index)
    gap = np.where(horizon < 0, gap, second - first)
    gap = np.minimum(gap, 2 * np.abs(horizon))
    index = np.where(horizon < 0, piece_sky + len(points), index)
    _, index = np.unique(index, return_inverse=True)
    index = index.reshape(x.shape)
    n = index.max() + 1
    px, py = (np.bincount(index.ravel(), c.ravel()) / np.bincount(index.ravel()) for c in (x, y))
    # One colour for each piece.
    r = np.bincount(index.ravel(), np.hypot(x - cx, y - cy).ravel()) / np.bincount(index.ravel())
    luck = rng.uniform(0, 1, n)
    sky = palette(
        "f7e27a f6b73c ef7f2d d9472f a92c5a 6a3a98 2f55b4 2b86c8 57b3d6",
        1.28 * r + 0.10 * (luck - 0.5),
    )
    land = palette("1f6b4a 3f9a4a 8dbb3f d8c93a 2f8f86", luck)
    river = np.abs(px - 0.62 - 0.35 * (py - 0.68) + 0.09 * np.sin(9 * py)) < 0.085
    water = palette("1d4fa0 2f86cf 7cc6e6", luck)
    flower = luck > 0.86
    land = np.where(river[:, None], water, land)
    land = np.where(
        (flower & ~river)[:, None], palette("d2304a f06a8a f7c33a", rng.uniform(0, 1, n)), land
    )
    piece = np.where((py < hill(px, 0))[:, None], sky, land)
    piece = piece * (1 + rng.normal(0, 0.08, (n, 1)))
    colour = piece[index]
    # Old glass: streaks in a direction of its own in each piece, bubbles, a glow in the middle.
    turn = rng.uniform(0, np.pi, n)[index]
    u, v = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    streak = fractal(u * 7 + index * 1.7, v * 38, 3, 4100)
    mottle = fractal(x * 22, y * 22, 3, 4150)
    glow = smoothstep(0.0, 0.045, gap)
    light = 0.58 + 0.46 * glow + 0.34 * streak + 0.26 * mottle
    colour = colour * light[..., None] + 0.30 * np.clip(streak + mottle - 0.2, 0, 1)[..., None]
    # Lead: round, so that it shines along one side; solder where three pieces meet.
    width = 0.0135 + 0.003 * fractal(x * 9, y * 9, 2, 4200)
    lead = smoothstep(width + 0.002, width - 0.002, gap)
    round_ = np.sqrt(np.clip(1 - (gap / width) ** 2, 0, 1))
    down, right = np.gradient(blur(round_, 1))
    shine = np.clip(-1.2 * (right + down), 0, 1)
    metal = rgb("15151c") + (0.10 * round_ + 0.45 * shine)[..., None] * rgb("9aa0b0")
    metal = metal * (1 + 0.3 * fractal(x * 70, y * 70, 2, 4250))[..., None]
    return np.clip(mix(colour, metal, lead[..., None]), 0, 1)


RINGS = (0.085, 0.165, 0.255, 0.35, 0.455, 0.57, 0.695, 0.83, 0.975)


def hill(x, k):
    """Where the land begins."""
    return 0.66 + 0.05 * np.sin(3.1 * x + 0.7 + k) + 0.02 * np.sin(7.3 * x)


# ------------------------------------------------------------------------------------------------
# Outlines
# ------------------------------------------------------------------------------------------------


def outlines():
    """A composition of circles, arcs and beams: flat oil, with contours in black and red."""
    rng = np.random.default_rng(17)
    x, y = plane()
    wx = x + 0.008 * fractal(x * 4, y * 4, 3, 5000)
    wy = y + 0.008 * fractal(x * 4, y * 4, 3, 5010)
    curves = []
    for cx, cy, r in CIRCLES:
        curves.append(np.hypot(wx - cx, wy - cy) - r)
    for px, py, turn, bend in BEAMS:
        u = (wx - px) * np.cos(turn) + (wy - py) * np.sin(turn)
        v = (wy - py) * np.cos(turn) - (wx - px) * np.sin(turn)
        curves.append(v - bend * u * u)
    key = np.zeros(x.shape, np.int64)
    for k, f in enumerate(curves):
        key += (f > 0).astype(np.int64) << k
    _, index = np.unique(key, return_inverse=True)
    index = index.reshape(x.shape)
    n = index.max() + 1
    paints = "efe4c8 e9c46a d98e3c c8452e 8f2f2c 2f6f8f 6fa6ad 1f3b57 e8d9b0 b7b08c f3ead6 d9b38c"
    colours = np.stack([rgb(code) for code in paints.split()])
    weights = np.array([5, 3, 2.4, 2.2, 1, 2, 2.2, 1.4, 4, 2, 5, 2])
    chosen = rng.choice(len(colours), n, p=weights / weights.sum())
    colour = colours[chosen][index]
    tone = fractal(x * 1.6, y * 1.6, 3, 5050)
    colour = colour * (0.98 + 0.16 * tone + rng.normal(0, 0.05, n)[index])[..., None]
    angle = rng.uniform(0, np.pi, n)[index] + 0.4 * fractal(x * 2, y * 2, 2, 5060)
    oil = Oil(np.clip(colour * 0.92, 0, 1), 18)
    everywhere = np.ones(x.shape, bool)
    inner = everywhere.copy()
    for f in curves:
        inner &= np.abs(distance_to(f)) > 0.014
    oil.coat(colour, angle, inner, 3200, 46, 20, 0.07, dry=0.25)
    # Some cells are hatched.
    hatched = (rng.uniform(0, 1, n) < 0.22)[index] & inner
    u = (x * np.sin(angle) - y * np.cos(angle)) * 2 * np.pi / 0.030
    stroke = smoothstep(0.55, 0.8, np.sin(u + 0.5 * tone)) * hatched
    picture = oil.lit(1.8)
    hair = fractal(x * 90, y * 90, 2, 5070)
    picture = mix(
        picture, rgb("1c1a1c"), (0.85 * stroke * smoothstep(-0.5, 0.1, hair + 0.3))[..., None]
    )
    relief = np.zeros_like(x)
    for k, f in enumerate(curves):
        d = distance_to(f)
        press = gradient_noise(x * 2.2 + k, y * 2.2, 5080)
        where = 0.42 + 0.58 * smoothstep(
            -0.6, -0.1, gradient_noise(x * 1.3 + 3.7 * k, y * 1.3, 5085)
        )
        wide = (0.0085 + 0.0050 * press) * where
        rough = 0.0018 * fractal(x * 55, y * 55, 2, 5090)
        line = smoothstep(0.0012, -0.0012, np.abs(d) - wide + rough) * (wide > 0.001)
        dry = smoothstep(-0.75, -0.30, fractal(d * 260, 3 * (x + y), 2, 5095 + k) + 0.5 * press)
        line = line * dry
        is_red = k % 3 == 1
        ink = rgb("b3241f") if is_red else rgb("16141a")
        picture = mix(picture, ink * (1 + 0.12 * hair[..., None]), line[..., None])
        relief = np.maximum(relief, line)
        if k % 4 == 0:  # a thin red line accompanies the black one
            beside = smoothstep(0.0012, -0.0012, np.abs(d - 0.021) - 0.0035 * where + rough)
            picture = mix(picture, rgb("c1301f"), (0.95 * beside * dry)[..., None])
    down, right = np.gradient(blur(relief, 1))
    return np.clip(picture * (1 + 0.35 * (0.6 * right + 0.7 * down))[..., None], 0, 1)


CIRCLES = [
    (0.36, 0.34, 0.21), (0.36, 0.34, 0.13), (0.44, 0.30, 0.055), (0.95, 0.62, 0.27),
    (0.95, 0.62, 0.17), (0.88, 0.55, 0.075), (0.70, 0.18, 0.11), (0.16, 0.78, 0.15),
    (1.19, 0.20, 0.14), (1.19, 0.20, 0.06), (0.52, 0.80, 0.12),
]  # fmt: skip
BEAMS = [
    (0.60, 0.50, -0.6, 0.25), (0.30, 0.55, 0.95, -0.4), (1.0, 0.40, 1.75, 0.3),
    (0.70, 0.90, 0.08, 0.35), (0.80, 0.10, -0.25, -0.5), (0.15, 0.30, 1.35, 0.5),
    (1.10, 0.85, -0.9, -0.3),
]  # fmt: skip


# ------------------------------------------------------------------------------------------------
# Ink
# ------------------------------------------------------------------------------------------------


def ink():
    """Mountains in mist, with pines: brush and ink on paper, and a red seal."""
    rng = np.random.default_rng(71)
    x, y = plane()
    fibre = fractal(x * 90, y * 22, 2, 6000) + fractal(x * 20, y * 110, 2, 6010)
    paper = rgb("f1e7d0") * (1 + 0.022 * fibre + 0.03 * fractal(x * 3, y * 3, 3, 6020))[..., None]
    soak = 0.012 * fractal(x * 14, y * 14, 4, 6030, gain=0.65)  # how far wet ink runs
    brush = Ink(np.zeros_like(x), rng)
    for k, (level, swing, frequency, density, mist) in enumerate(RANGES):
        column = np.arange(-40, WIDTH + 40) / HEIGHT
        peaks = fractal(column * frequency + 11.3 * k, 0 * column + k, 5, 6100 + k, True, 0.42)
        crest = level - swing * np.clip(peaks, -0.4, 1)
        fall = y - crest[40:-40].astype(np.float32) + 0.6 * soak
        inside = smoothstep(-0.002, 0.003, fall)
        brush.density *= 1 - 0.95 * inside * smoothstep(mist * 2.2, 0.3 * mist, fall)
        wash = density * np.exp(-np.clip(fall, 0, 9) / mist) * inside
        wash *= 0.55 + 0.6 * smoothstep(-0.4, 0.5, fractal(x * 5 + k, y * 8, 4, 6200 + k))
        wash += 0.5 * density * np.exp(-((fall / 0.006) ** 2))  # wet ink gathers at its edge
        brush.density += np.clip(wash, 0, 2)
        # The contour, in strokes that overlap, and the folds of the rock, which fall from it.
        slope = np.gradient(crest, 1 / HEIGHT)
        at = np.arange(0, len(column) - 130, 62)
        for i in at if k else ():
            part = np.linspace(i, i + rng.integers(70, 130), 7).astype(int)
            part = part[part < len(column)]
            points = np.stack([column[part], crest[part] + rng.normal(0, 0.002)], 1)
            brush.line(points, 0.005 + 0.006 * k * rng.uniform(0.2, 1), 0.50 + 0.28 * k, dry=0.5)
        for i in rng.integers(0, len(column), 170 * k):
            down = 1.1 * mist * rng.exponential(0.55)
            long = rng.uniform(0.03, 0.075)
            lean = np.clip(-0.75 / (abs(slope[i]) + 0.5) * np.sign(slope[i]), -0.8, 0.8) * -1
            px, py = column[i] + lean * down * 0.6, crest[i] + down + 0.008
            bend = rng.normal(0, 0.2)
            path = [(px + (lean + bend * t) * t * long, py + t * long) for t in (0, 0.5, 1)]
            faint = np.exp(-down / (1.6 * mist))
            brush.line(path, rng.uniform(0.008, 0.02), (0.25 + 0.27 * k) * faint, dry=0.75)
    for px, foot, tall in PINES:
        pine(brush, px, foot, tall)
    for k in range(7):  # geese
        gx, gy = 0.80 + 0.042 * k, 0.20 - 0.014 * abs(k - 3)
        gx, gy = (each + rng.normal(0, 0.004) for each in (gx, gy))
        brush.line([(gx - 0.018, gy - 0.009), (gx, gy), (gx + 0.019, gy - 0.012)], 0.006, 1.0)
    for _ in range(150):  # spatters
        px, py, r = rng.uniform(0, ASPECT), rng.uniform(0.45, 1), 0.0012 + rng.exponential(0.0012)
        brush.line([(px, py), (px + r, py + r)], 2 * r, 0.8)
    bled = blur(brush.density, 3)
    density = 0.8 * brush.density + 0.2 * np.maximum(bled, brush.density) + 0.12 * bled
    density = density * (1 + 0.16 * fibre + 0.10 * fractal(x * 30, y * 30, 3, 6300))
    dark = np.clip(1 - np.exp(-1.25 * density), 0, 1)
    picture = palette("f1e7d0 a9a9a6 5c5f66 2a2b31 111217", dark) * paper / rgb("f1e7d0")
    # The seal.
    sx, sy = (x - 1.245) / 0.034, (y - 0.30) / 0.038
    ragged = np.maximum(np.abs(sx), np.abs(sy)) + 0.08 * fractal(x * 40, y * 40, 2, 6400)
    square = smoothstep(1.06, 0.98, ragged)
    sign = (
        (np.abs(np.abs(sx) - 0.42) < 0.11) | (np.abs(sy + 0.45) < 0.10) | (np.abs(sy - 0.15) < 0.1)
    )
    sign |= (np.abs(sx) < 0.09) & (sy > 0.1)
    sign &= np.maximum(np.abs(sx), np.abs(sy)) < 0.78
    worn = smoothstep(-0.6, -0.2, fractal(x * 80, y * 80, 2, 6410))
    seal = 0.92 * square * worn * (1 - 0.9 * blur(sign.astype(np.float32), 1))
    return np.clip(mix(picture, rgb("b8322a"), seal[..., None]), 0, 1)


# level of the crest, swing, frequency, density of the ink, depth of the wash
RANGES = [
    (0.46, 0.22, 1.5, 0.20, 0.16), (0.60, 0.36, 1.2, 0.42, 0.15), (0.84, 0.34, 1.35, 0.75, 0.14),
    (1.06, 0.26, 1.6, 1.1, 0.14),
]  # fmt: skip
PINES = [(0.19, 1.0, 0.56), (0.40, 1.0, 0.34), (1.13, 1.0, 0.27)]


class Ink:
    """Strokes that darken a map of density: pressed in the middle, dry at the end."""

    def __init__(self, density, rng):
        self.density, self.rng = density, rng

    def line(self, points, width, density, dry=0.0):
        """A stroke through some points, tapered; a dry one shows the paper between its hairs."""
        points = np.asarray(points, np.float32)
        t = np.linspace(0, len(points) - 1, 12)
        path = np.stack([np.interp(t, range(len(points)), points[:, k]) for k in (0, 1)], 1)
        path = (path + self.rng.normal(0, 0.0008, path.shape)) * HEIGHT
        r = width * HEIGHT
        (x0, y0), (x1, y1) = path.min(0) - r - 3, path.max(0) + r + 3
        x0, y0, x1, y1 = max(int(x0), 0), max(int(y0), 0), min(int(x1), WIDTH), min(int(y1), HEIGHT)
        if x0 >= x1 or y0 >= y1:
            return
        y, x = np.mgrid[y0:y1, x0:x1].astype(np.float32)
        best = np.full(x.shape, 99.0, np.float32)
        far, side, length = best.copy(), np.zeros_like(x), np.zeros_like(x)
        for k in range(11):
            (ax, ay), (bx, by) = path[k], path[k + 1]
            dx, dy = bx - ax, by - ay
            u = np.clip(((x - ax) * dx + (y - ay) * dy) / max(dx * dx + dy * dy, 1e-6), 0, 1)
            along = (k + u) / 11
            own = (
                0.5
                * r
                * (0.45 + 0.75 * np.sin(np.pi * (0.12 + 0.87 * along)) ** 0.7)
                * (1.05 - 0.65 * along)
            )
            d = np.hypot(x - ax - u * dx, y - ay - u * dy)
            best = np.minimum(best, d - own)
            closer = d < far
            far = np.where(closer, d, far)
            across = dx * (y - ay) - dy * (x - ax)
            side = np.where(closer, across / max(np.hypot(dx, dy), 1e-3), side)
            length = np.where(closer, along, length)
        rough = 1.3 * gradient_noise(x / 5, y / 5, 6500)
        mark = smoothstep(1.0, -1.0, best + rough)
        if dry:
            hairs = gradient_noise(side / 2.6 + 50 * path[0, 0], 2.5 * length, 6510)
            mark = mark * smoothstep(-0.3, 0.25, hairs + 1.1 - dry * (0.6 + 1.3 * length))
        here = self.density[y0:y1, x0:x1]
        np.maximum(here, here * 0.4 + density * mark, out=here)


def pine(brush, x, foot, tall):
    """A crooked trunk, level boughs, needles in fans."""
    rng = brush.rng
    bend = rng.normal(0, 0.05, 5)
    trunk = [
        (x + 0.05 * tall * np.sin(3 * k / 4 + 6 * x) + bend[k] * tall, foot - tall * k / 4)
        for k in range(5)
    ]
    brush.line(trunk, 0.060 * tall, 1.5, dry=0.35)
    for k in range(10):
        up = 0.34 + 0.66 * k / 9
        bx = np.interp(up * 4, range(5), [p[0] for p in trunk])
        by = foot - tall * up
        side = 1 if k % 2 else -1
        reach = tall * (0.40 - 0.26 * up) * rng.uniform(0.8, 1.2)
        tip = bx + side * reach, by + 0.02 * tall + rng.normal(0, 0.012)
        brush.line([(bx, by), ((bx + tip[0]) / 2, by - 0.012), tip], 0.020 * tall, 1.3)
        for u in np.linspace(0.3, 1.0, 5):
            nx, ny = mix(bx, tip[0], u), mix(by, tip[1], u) - 0.006
            for a in np.linspace(-2.8, -0.35, 8) + rng.normal(0, 0.12, 8):
                size = 0.075 * tall * rng.uniform(0.7, 1.15)
                end = nx + size * np.cos(a), ny + 0.75 * size * np.sin(a)
                brush.line([(nx, ny), end], 0.0036 + 0.005 * tall, rng.uniform(0.7, 1.5))


# ------------------------------------------------------------------------------------------------

PAINTINGS = {"night": night, "outlines": outlines, "ink": ink, "glass": glass, "waves": waves}


def main():
    """Write the paintings that are named, or all."""
    folder = Path(__file__).resolve().parent
    for name in sys.argv[1:] or PAINTINGS:
        path = folder / (name + ".jpg")
        picture = to_bytes(PAINTINGS[name]()).resize((1000, 750), Resampling.LANCZOS)
        picture.save(path, quality=78)
        print(path.name, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
