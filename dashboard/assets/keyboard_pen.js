// The pen by keyboard: the arrow keys move it, the space bar puts it down and lifts it. It follows the page's other pens:
// `down` and `up` tell of it, and `move` has the place, in shares of the paper.

const STEP = 0.02 // of the board's height
const FAR = 4 // times as much with the Shift key
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }
const QUIET = 600 // ms without a key, after which the place is told

function watchKeyboardPen(canvas, { down, move, up }) {
  const point = make("span", { className: "pen-point", hidden: true })
  const words = make("p", { className: "for-readers", role: "status" })
  const held = new Set() // arrow keys: two of them go aslant
  let at = [0.5, 0.25]
  let isDown = false
  let telling = null

  const show = () => {
    point.style.left = `${100 * at[0]}%`
    point.style.top = `${100 * at[1]}%`
    point.classList.toggle("down", isDown)
  }
  const tell = () => {
    clearTimeout(telling)
    telling = setTimeout(() => {
      const [across, below] = at.map((share) => `${Math.round(100 * share)}%`)
      words.textContent = `Pen ${isDown ? "down" : "up"}, ${across} from the left, ${below} from the top`
    }, QUIET)
  }
  const put = (isWanted) => {
    if (isWanted === isDown) return
    isDown = isWanted
    if (isDown) {
      down()
      move(...at)
    } else up()
    show()
    tell()
  }
  const go = (isFar) => {
    const step = STEP * (isFar ? FAR : 1)
    const [x, y] = [0, 1].map((axis) => [...held].reduce((sum, key) => sum + ARROWS[key][axis], 0))
    const { clientWidth, clientHeight } = canvas
    at = [clip(at[0] + (x * step * clientHeight) / clientWidth, 0, 1), clip(at[1] + y * step, 0, 1)]
    if (isDown) move(...at)
    point.hidden = false
    show()
    tell()
  }
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key in ARROWS) {
      held.add(event.key)
      go(event.shiftKey)
    } else if (event.key === " ") {
      if (!event.repeat) put(!isDown)
    } else if (event.key === "Escape" && isDown) put(false)
    else return
    event.preventDefault() // the page does not scroll
  })
  canvas.addEventListener("keyup", (event) => held.delete(event.key))
  canvas.addEventListener("focus", () => {
    point.hidden = !canvas.matches(":focus-visible")
    show()
  })
  canvas.addEventListener("blur", () => {
    held.clear()
    put(false)
    point.hidden = true
  })
  return { elements: [point, words], isDown: () => isDown }
}
