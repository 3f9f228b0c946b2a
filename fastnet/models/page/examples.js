// Digits that draw themselves, one after another, for who only wants to look or has no pointer.

const EXAMPLES = [ // points from 0 to 1, rounded off on the way from one to the next
  [[0.2, 0.2], [0.5, 0.04], [0.78, 0.22], [0.45, 0.47], [0.82, 0.7], [0.5, 0.97], [0.14, 0.83]],
  [[0.72, 0.16], [0.42, 0.04], [0.24, 0.25], [0.5, 0.48], [0.76, 0.74], [0.5, 0.97], [0.24, 0.75], [0.52, 0.46], [0.76, 0.2]],
  [[0.2, 0.24], [0.48, 0.04], [0.77, 0.26], [0.52, 0.64], [0.18, 0.95], [0.5, 0.94], [0.86, 0.94]],
  [[0.16, 0.08], [0.5, 0.07], [0.84, 0.06], [0.66, 0.4], [0.42, 0.98]],
]
const STEPS = 12 // from one point to the next
const [LEFT, TOP, LENGTH] = [155, 70, 260] // where they stand on the board

let next = 0

async function drawExample(board) {
  const points = smooth(EXAMPLES[next++ % EXAMPLES.length])
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return board.draw([points])
  const stroke = []
  board.draw([stroke])
  for (const point of points) {
    if (!board.extend(stroke, point, point === points.at(-1))) return // somebody draws, or clears the board
    await new Promise(requestAnimationFrame)
  }
}

// Through all points (Catmull and Rom 1974).
function smooth(points) {
  const at = (index) => points[clip(index, 0, points.length - 1)]
  const between = (a, b, c, d, t) =>
    0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t ** 2 + (3 * b - a - 3 * c + d) * t ** 3)
  return points.slice(1).flatMap((_, index) =>
    Array.from({ length: STEPS }, (_, step) => {
      const [x, y] = [0, 1].map((axis) => between(...[-1, 0, 1, 2].map((k) => at(index + k)[axis]), step / STEPS))
      return [LEFT + LENGTH * x, TOP + LENGTH * y * 1.08]
    }),
  )
}
