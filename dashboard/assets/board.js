// The board: paper to draw on with mouse, finger or pen, an eraser, undo, redo and clear; a picture lies on it when one is
// read. Python hears {strokes, resting} while one draws, one message at a time, and answers each when it is read. The
// browser keeps the drawing, also when the page is loaded anew, and has it read again; an answer that is not of what is
// drawn is greyed.

const LEAST_STEP = 0.003 // points nearer than that share of the board's height add nothing
const PATIENCE = 3000 // ms; an answer that takes longer is taken for lost, and asked for again
const SOON = 150 // ms; until then the answer before is as good
const MOST_REASONS = 8
const MANY = 30 // boxes; so many are drawn thinner, with smaller tags
const DRAWING = "fastnet-drawing"
const INVITES = "Draw a digit, or several"
const DAMAGED = "The link is damaged: ask for it again, or draw"
const BY_KEYS = "Paper to draw digits on. The arrow keys move the pen, with Shift farther; the space bar puts it down and lifts it."

const drawings = new Map() // by model: a drawing outlives its view, which tabs and layouts may render anew

export function render({ model, el }) {
  const isBack = drawings.has(model.id) // also where the line was lost: then Python may not know what was drawn
  const drawing = drawings.get(model.id) ?? { strokes: (!model.picture && kept(DRAWING)) || [], before: [], after: [] }
  drawings.set(model.id, drawing)

  const canvas = make("canvas", { className: "ink", tabIndex: 0, role: "application", ariaLabel: BY_KEYS, ariaRoleDescription: "drawing board" })
  const marks = make("div", { className: "marks" })
  const hint = make("p", { className: "hint", textContent: INVITES })
  const nib = make("span", { className: "nib", hidden: true })
  const paper = make("div", { className: "paper" }, marks, canvas, hint, nib)
  const tools = makeTools((width) => showNib(nib, width))
  el.replaceChildren(paper, tools.bar, makePages(model))

  const message = () =>
    ghost.isThere()
      ? { example: ghost.strokes(), resting: ghost.isWhole() }
      : { strokes: drawing.strokes, resting: !pen.isDown() && !keyboardPen.isDown() }
  const teller = makeTeller(model, message)
  const { tell } = teller
  const change = (strokes) => {
    drawing.before.push(drawing.strokes)
    drawing.after = []
    drawing.strokes = strokes
  }
  const rest = () => {
    keep(DRAWING, drawing.strokes)
    showState()
  }
  const refresh = () => {
    paint(canvas, ghost.isThere() ? ghost.strokes() : drawing.strokes)
    canvas.classList.toggle("ghost", ghost.isThere())
    showState()
  }
  const showState = () => {
    hint.hidden = drawing.strokes.length > 0 || model.picture !== ""
    tools.undo.disabled = drawing.before.length === 0
    tools.redo.disabled = drawing.after.length === 0
    tools.clear.disabled = drawing.strokes.length === 0 && model.picture === ""
  }
  const showMarks = () => {
    marks.replaceChildren(...pictureOf(model), ...model.left_out.map(frameOfLeftOut), ...model.boxes.map(frame))
    marks.classList.toggle("many", model.boxes.length > MANY)
    placeTags(marks)
  }

  const ghost = makeGhost(() => {
    refresh()
    tell()
  })
  const begin = (erases) => {
    if (model.picture) marks.replaceChildren() // drawing goes on on blank paper
    hint.textContent = INVITES
    banish()
    change([...drawing.strokes, { erases, points: [] }])
  }
  const goOn = (point) => {
    const stroke = drawing.strokes.at(-1)
    if (!addPoint(stroke, canvas, point)) return
    paintStroke(canvas, stroke, Math.max(0, stroke.points.length - 6))
    tell()
  }
  const end = () => {
    rest()
    tell()
  }
  const pen = watchPen(canvas, {
    down: (event) => begin(tools.erases() || eraserOf(event)),
    move: (event) => goOn(pointOf(canvas, event, tools.width())),
    up: end,
  })
  const keyboardPen = watchKeyboardPen(canvas, {
    down: () => begin(tools.erases()),
    move: (x, y) => goOn([x, y, tools.width()]),
    up: end,
  })
  paper.append(...keyboardPen.elements)
  const banish = () => {
    if (!ghost.isThere()) return
    ghost.vanish()
    teller.forget() // or blank paper would be told next, and take the place of a picture that was just chosen
    refresh()
  }

  const restore = (strokes) => {
    banish()
    drawing.strokes = strokes
    rest()
    refresh()
    tell()
  }
  const step = (from, to) => {
    to.push(drawing.strokes)
    restore(from.pop())
  }
  tools.undo.addEventListener("click", () => step(drawing.before, drawing.after))
  tools.redo.addEventListener("click", () => step(drawing.after, drawing.before))
  tools.clear.addEventListener("click", () => {
    if (drawing.strokes.length) change([])
    restore([])
  })
  const onKey = (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.composedPath()[0].matches?.("input:not([type=range]), textarea")) return
    const tool = { z: tools.undo, Z: tools.redo, y: tools.redo }[event.key]
    if (!tool || tool.disabled) return
    event.preventDefault()
    tool.click()
  }
  document.addEventListener("keydown", onKey)

  model.on(["boxes", "left_out"], showMarks)
  model.on("picture", () => {
    if (model.picture) banish()
    if (model.picture && drawing.strokes.length) change([]) // the picture takes the paper; undo brings the drawing back
    showMarks()
    rest()
    refresh()
    if (model.picture) paper.scrollIntoView({ block: "nearest", behavior: isStill.matches ? "instant" : "smooth" }) // chosen farther down on a phone
  })
  const resizing = new ResizeObserver(() => {
    refresh()
    placeTags(marks)
  })
  resizing.observe(canvas)
  model.on("remove", () => {
    ghost.vanish()
    teller.end()
    resizing.disconnect()
    document.removeEventListener("keydown", onKey)
    document.removeEventListener("fastnet-link", openLink)
    document.removeEventListener("fastnet-asks-drawing", giveDrawing)
  })
  // What the address held is shown once; whether there was something.
  const openLink = () => {
    const link = window.fastnetLink
    if (!link) return false
    window.fastnetLink = ""
    try {
      const { strokes, pixels } = linked(link)
      if (pixels) pixelsAsFile(pixels).then(bring)
      else {
        change(strokes)
        restore(strokes)
      }
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof DOMException)) throw error
      hint.textContent = DAMAGED
    }
    return true
  }
  const giveDrawing = ({ detail }) => {
    if (!model.picture) detail.strokes = drawing.strokes
  }
  document.addEventListener("fastnet-link", openLink)
  document.addEventListener("fastnet-asks-drawing", giveDrawing)
  showMarks()
  showState()
  const open = () => {
    if (!model.ready || openLink()) return
    if (drawing.strokes.length || (isBack && !model.picture)) tell()
    else if (!isBack && !model.picture) ghost.appear()
  }
  model.on("ready", open)
  open()
}

// A file as if it had been dropped; who takes it may not be there yet.
function bring(file) {
  const offer = () => document.dispatchEvent(new CustomEvent("fastnet-files", { detail: [file], cancelable: true }))
  if (offer()) document.addEventListener("fastnet-takes-files", offer, { once: true })
}

// One message in flight: what changes meanwhile goes with the next one.
function makeTeller(model, message) {
  let waiting = null
  let greying = null
  let isStale = false
  let isLate = false
  const tell = () => {
    isStale = waiting !== null
    if (isStale) return
    greying = setTimeout(grey, SOON)
    send()
  }
  const send = () => {
    isStale = false
    waiting = setTimeout(send, PATIENCE)
    model.send_msg(message())
  }
  const grey = () => {
    isLate = true
    showAnswered(false)
  }
  const heard = () => {
    if (!isStale || !isLate) showAnswered(true)
    end()
    if (isStale) tell()
  }
  const end = () => {
    clearTimeout(waiting)
    clearTimeout(greying)
    waiting = null
    isLate = false
  }
  const forget = () => {
    isStale = false
    end()
  }
  model.on("msg:custom", heard)
  return { tell, end, forget }
}

const showAnswered = (isAnswered) => document.documentElement.style.setProperty("--answered", Number(isAnswered))

const eraserOf = (event) => (event.buttons & 32) !== 0 // the other end of a pen

// The place in shares of the paper, and the pen's width there.
function pointOf(canvas, event, width) {
  const { left, top, width: across, height } = canvas.getBoundingClientRect()
  const pressure = event.pointerType === "pen" && event.pressure ? 0.4 + 1.2 * event.pressure : 1
  return [(event.clientX - left) / across, (event.clientY - top) / height, width * pressure]
}

function addPoint(stroke, canvas, [x, y, width]) {
  const [lastX, lastY] = stroke.points.slice(-3)
  if (Math.hypot(((x - lastX) * canvas.clientWidth) / canvas.clientHeight, y - lastY) < LEAST_STEP) return false
  stroke.points.push(...[x, y, width].map((number) => Number(number.toFixed(4))))
  return true
}

function paint(canvas, strokes) {
  const scale = window.devicePixelRatio
  canvas.width = canvas.clientWidth * scale
  canvas.height = canvas.clientHeight * scale
  for (const stroke of strokes) paintStroke(canvas, stroke, 0)
}

// The stroke's points from `start` on; ink is drawn black, and the stylesheet turns it white on a dark page.
function paintStroke(canvas, { points, erases }, start) {
  const context = canvas.getContext("2d")
  context.globalCompositeOperation = erases ? "destination-out" : "source-over"
  context.lineCap = "round"
  let [x, y, width] = points.slice(start)
  if (start === 0) paintDot(context, x * canvas.width, y * canvas.height, width * canvas.height) // a line of no length is not painted
  for (let at = start; at < points.length; at += 3) {
    context.lineWidth = points[at + 2] * canvas.height
    context.beginPath()
    context.moveTo(x * canvas.width, y * canvas.height)
    x = points[at]
    y = points[at + 1]
    context.lineTo(x * canvas.width, y * canvas.height)
    context.stroke()
  }
}

function paintDot(context, x, y, width) {
  context.beginPath()
  context.arc(x, y, width / 2, 0, 2 * Math.PI)
  context.fill()
}

function pictureOf(model) {
  return model.picture ? [make("img", { src: model.picture, alt: "The picture that is read" })] : []
}

// Ink that is not read is framed in grey; the reasons stand there as long as they can be told apart.
function frameOfLeftOut([left, top, right, bottom, reason], at, all) {
  const box = frame([left, top, right, bottom, all.length > MOST_REASONS ? "" : reason])
  box.classList.add("left-out")
  return box
}

function frame([left, top, right, bottom, label]) {
  const box = make("div", { className: "box" }, make("span", { textContent: label }))
  box.classList.toggle("empty", !label) // a cell of a form
  const percent = (share) => `${100 * share}%`
  Object.assign(box.style, {
    left: percent(left),
    top: percent(top),
    width: percent(right - left),
    height: percent(bottom - top),
  })
  return box
}
