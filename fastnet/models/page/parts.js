// A drawing is cut into its digits: what hangs together, without specks, fragments joined, in reading order. These are
// the steps of fastnet/reading/pictures that clean ink on a blank board needs; digits that touch are not parted.

const [PEAK, THRESHOLD] = [0.45, 0.28] // of the ink's usual strength
const LEAST_INK = 10 // of 255
const LEAST_SIDE = 6 // pixels of a digit
const [SPECK_AREA, SPECK_SIDE, SPECK_HEIGHT] = [0.004, 0.04, 0.3] // of the largest part, or the usual digit
const [SOLID, SQUARE] = [0.9, 1.7] // of its box is ink, and no side is so many times the other
const FRAGMENT = 0.6 // of the usual digit: what is smaller both ways may belong to a neighbour
const NEAR = 0.15 // of the usual digit: a gap over which fragments are joined
const FLATTEST = 10 // times as wide as high: a line is no digit

// From the ink on a board, the ink of each digit and its box.
function cutOut(board) {
  const strength = usualStrength(board.pixels)
  const { labels, groups } = connectedParts(board, Math.max(THRESHOLD * strength, 1), Math.max(PEAK * strength, 1))
  const parts = withoutSpecks(groups).filter((group) => !isBlot(group))
  const digits = withoutMarks(joined(parts.sort((a, b) => b.area - a.area)))
  return inReadingOrder(digits).map((group) => ({
    box: [group.x0, group.y0, group.x1, group.y1],
    ink: inkOf(group, labels, board, strength),
  }))
}

// The mean of the upper of two groups (Otsu 1979), which is how dark the drawing is where it is more than an edge.
function usualStrength(pixels) {
  const counts = new Float64Array(256)
  for (const pixel of pixels) if (pixel >= LEAST_INK) counts[pixel] += 1
  const n = counts.reduce((sum, count) => sum + count, 0)
  if (n < 6) return 0
  const total = counts.reduce((sum, count, level) => sum + count * level, 0)
  const between = new Float64Array(256)
  let [below, sum] = [0, 0]
  for (const [level, count] of counts.entries()) {
    below += count
    sum += count * level
    if (below > 0 && below < n) between[level] = ((total / n) * below - sum) ** 2 / (below * (n - below))
  }
  const most = Math.max(...between)
  const best = [...between.keys()].filter((level) => between[level] >= most * (1 - 1e-9))
  const threshold = most > 0 ? Math.floor(best.reduce((a, b) => a + b, 0) / best.length) : Math.floor(total / n) - 1
  const upper = counts.map((count, level) => (level > threshold ? count : 0))
  return upper.reduce((a, count, level) => a + count * level, 0) / upper.reduce((a, count) => a + count, 0)
}

// The parts that hang together, also over corners, and for each pixel the number of its part, or -1.
function connectedParts(board, threshold, peak) {
  const labels = new Int32Array(board.pixels.length).fill(-1)
  const groups = []
  for (let seed = 0; seed < labels.length; seed++) {
    if (board.pixels[seed] > threshold && labels[seed] < 0) groups.push(partAt(seed, groups.length, labels, board, threshold, peak))
  }
  return { labels, groups }
}

function partAt(seed, label, labels, { width, height, pixels }, threshold, peak) {
  const waiting = [seed]
  labels[seed] = label
  let [area, isInk, x0, y0, x1, y1] = [0, false, width, height, 0, 0]
  while (waiting.length) {
    const at = waiting.pop()
    const x = at % width
    const y = (at - x) / width
    area += 1
    isInk ||= pixels[at] > peak
    x0 = Math.min(x0, x)
    y0 = Math.min(y0, y)
    x1 = Math.max(x1, x + 1)
    y1 = Math.max(y1, y + 1)
    for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
      for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
        const next = v * width + u
        if (labels[next] >= 0 || pixels[next] <= threshold) continue
        labels[next] = label
        waiting.push(next)
      }
    }
  }
  return { labels: [label], area, isInk, x0, y0, x1, y1 }
}

const around = (a, b) => ({
  x0: Math.min(a.x0, b.x0),
  y0: Math.min(a.y0, b.y0),
  x1: Math.max(a.x1, b.x1),
  y1: Math.max(a.y1, b.y1),
})
const together = (a, b) => ({ labels: [...a.labels, ...b.labels], area: a.area + b.area, ...around(a, b) })
const widthOf = (group) => group.x1 - group.x0
const heightOf = (group) => group.y1 - group.y0
const longerOf = (group) => Math.max(widthOf(group), heightOf(group))

function withoutSpecks(groups) {
  const least = Math.max(SPECK_AREA * Math.max(...groups.map((group) => group.area)), 2)
  const parts = groups.filter((group) => group.isInk && group.area >= least)
  const shortest = Math.max(LEAST_SIDE, SPECK_SIDE * Math.max(...parts.map(longerOf)))
  return parts.filter((group) => longerOf(group) >= shortest)
}

// Solid and about square, as no digit is.
function isBlot(group) {
  const shorter = Math.min(widthOf(group), heightOf(group))
  return group.area > SOLID * widthOf(group) * heightOf(group) && longerOf(group) <= SQUARE * shorter
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2
}

function usualHeight(groups) {
  const sizes = groups.map((group) => Math.max(heightOf(group), widthOf(group) / 1.5))
  return median(sizes.filter((size) => size >= 0.5 * Math.max(...sizes)))
}

// The fragments of one digit as one: the bar of a 5 that does not touch, a stroke with gaps.
function joined(groups) {
  const usual = groups.length ? usualHeight(groups) : 0
  for (let i = 0; i < groups.length; i++) {
    const j = groups.findIndex((other, at) => at > i && belong(groups[i], other, usual))
    if (j < 0) continue
    groups = [...groups.filter((_, at) => at !== i && at !== j), together(groups[i], groups[j])]
    i = -1 // the new one may belong to any
  }
  return groups
}

function belong(a, b, usual) {
  const [small, large] = heightOf(a) <= heightOf(b) ? [a, b] : [b, a]
  const gapX = Math.max(a.x0, b.x0) - Math.min(a.x1, b.x1) // negative where they overlap
  const gapY = Math.max(a.y0, b.y0) - Math.min(a.y1, b.y1)
  const both = together(a, b)
  if (heightOf(both) > 2.2 * usual || widthOf(both) > 2.2 * usual) return false
  if (heightOf(small) > FRAGMENT * usual) return -gapX >= 0.5 * widthOf(small) && gapY <= 0.5 * NEAR * usual
  const nested = -gapX >= 0.9 * widthOf(small) && -gapY >= 0.9 * heightOf(small)
  const stacked = -gapX >= 0.5 * Math.min(widthOf(a), widthOf(b)) && gapY <= 0.3 * usual
  const centre = ((small.y0 + small.y1) / 2 - large.y0) / heightOf(large)
  const dash = gapX > 0 && centre > 0.3 && centre < 0.8 // beside the middle or on the base line: a hyphen, a point
  return nested || stacked || (Math.max(gapX, gapY) <= NEAR * usual && !dash)
}

// Without points, commas and dashes between digits, and flat lines.
function withoutMarks(groups) {
  const digits = groups.filter((group) => widthOf(group) <= FLATTEST * heightOf(group))
  if (!digits.length) return []
  const usual = usualHeight(digits)
  const high = digits.filter((group) => heightOf(group) >= usual / 2)
  const heavy = high.length ? median(high.map((group) => group.area)) : 0
  return digits.filter((group) => heightOf(group) >= SPECK_HEIGHT * usual || group.area > heavy / 3)
}

// Lines from top to bottom, each from left to right; a line may slant, and waver.
function inReadingOrder(groups) {
  const lines = []
  for (const group of groups.sort((a, b) => a.x0 - b.x0)) {
    const fitting = lines.filter((line) => overlap(line.at(-1), group) > 0.4)
    const best = Math.max(...fitting.map((line) => overlap(line.at(-1), group)))
    const line = fitting.find((line) => overlap(line.at(-1), group) === best)
    if (line) line.push(group)
    else lines.push([group])
  }
  const ordered = []
  for (const line of lines.sort((a, b) => extent(a).y0 - extent(b).y0)) {
    const isSame = ordered.length > 0 && overlap(extent(ordered.at(-1)), extent(line)) > 0.4
    ordered.push(isSame ? [...ordered.pop(), ...line] : line)
  }
  return ordered.flatMap((line) => line.sort((a, b) => a.x0 - b.x0))
}

// The share of the less high one's rows that the other has too.
const overlap = (a, b) => (Math.min(a.y1, b.y1) - Math.max(a.y0, b.y0)) / Math.min(heightOf(a), heightOf(b))

// Where a line runs, on the average.
function extent(line) {
  const mean = (edge) => line.reduce((sum, group) => sum + group[edge], 0) / line.length
  return { y0: mean("y0"), y1: mean("y1") }
}

// The ink of one digit, 255 where it is as usual, with the soft edge of its strokes, without its neighbours'.
function inkOf(group, labels, board, strength) {
  const ink = blank(widthOf(group), heightOf(group))
  const amounts = Array.from({ length: 256 }, (_, level) => Math.min(255, round((255 * level) / Math.max(strength, 1))))
  const own = new Set(group.labels)
  for (let y = group.y0; y < group.y1; y++) {
    for (let x = group.x0; x < group.x1; x++) {
      if (!own.has(labels[y * board.width + x])) continue
      for (let v = Math.max(group.y0, y - 1); v <= Math.min(group.y1 - 1, y + 1); v++) {
        for (let u = Math.max(group.x0, x - 1); u <= Math.min(group.x1 - 1, x + 1); u++) {
          ink.pixels[(v - group.y0) * ink.width + (u - group.x0)] = amounts[board.pixels[v * board.width + u]]
        }
      }
    }
  }
  return ink
}
