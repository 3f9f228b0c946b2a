// Paper that nobody has drawn on invites: a pale digit writes itself, once, and the network reads it meanwhile.

const EXAMPLES_ARE_ON = [560, 420] // points, the board of examples.js
const EXAMPLES_PEN = 30 // of them

function makeGhost(changed) {
  let written = null // points; null where there is no ghost
  let isWhole = true
  const board = {
    draw: ([points]) => {
      written = points
      isWhole = points.length > 0
      changed()
    },
    extend: (points, point, isLast) => {
      if (written !== points) return false
      points.push(point)
      isWhole = isLast
      changed()
      return true
    },
  }
  const [width, height] = EXAMPLES_ARE_ON
  return {
    appear: () => drawExample(board),
    vanish: () => (written = null),
    isThere: () => written !== null,
    isWhole: () => isWhole,
    strokes: () => [{ erases: false, points: written.flatMap(([x, y]) => [x / width, y / height, EXAMPLES_PEN / height]) }],
  }
}
