// The page: what is drawn is read while one draws, and shown with what the network saw and how its units answer.

const find = (id) => document.getElementById(id)
const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties)
  element.append(...children)
  return element
}

const facts = JSON.parse(find("model").textContent)
const layers = unpackLayers(find("weights").textContent, facts.layers)
const predict = makePredict(facts, layers)

// The classes of a drawing's digits, in reading order, each with its box, its 28x28 pixels and all that `predict` says.
function read(drawing) {
  return cutOut(drawing).map(({ box, ink }) => {
    const pixels = toMnistForm(ink)
    return { box, pixels, ...predict(pixels) }
  })
}

// ---- The model ------------------------------------------------------------------------------------------------------

const areDigits = facts.classes.join() === "0,1,2,3,4,5,6,7,8,9"

function introduce() {
  const [few, more] = [facts.classes.slice(0, 20).join(", "), facts.classes.length > 20 ? ` and ${facts.classes.length - 20} more` : ""]
  find("title").textContent = areDigits ? "Draw a digit" : "Draw what it knows"
  find("lead").textContent =
    `A network of ${facts.parameters.toLocaleString("en")} numbers, all in this file, reads it while you draw.` +
    " Draw several, too: with a gap between them, each is read." +
    (areDigits ? "" : ` It knows ${few}${more}.`)
  const measured = facts.accuracy === null ? "" : `, reads ${(100 * facts.accuracy).toFixed(2)}% of ${facts.tested} right`
  const licence = facts.license ? `, ${facts.license} licence` : ""
  find("facts").textContent =
    `${facts.name}: layers ${facts.layers.join("-")}, ${facts.parameters.toLocaleString("en")} parameters${measured}${licence}.`
}

// ---- The answer -----------------------------------------------------------------------------------------------------

function sentence({ label, ranking, probabilities, verdict }) {
  const [first, second] = ranking
  if (verdict === "no digit") return `${areDigits ? "No digit" : "Nothing"} that it knows`
  const sure = `${verdict === "unsure" ? `perhaps ${label}` : label}, ${percentOf(probabilities[first])} sure`
  const isClear = second === undefined || probabilities[second] < 0.001
  return isClear ? sure : `${sure}; else ${facts.classes[second]}, ${percentOf(probabilities[second])}`
}

const textOf = (digit) => (digit.verdict === "no digit" ? "?" : digit.label)

function showVerdict(digits, digit) {
  const text = digits.map(textOf).join(facts.classes.every((name) => [...name].length === 1) ? "" : " ")
  find("text").textContent = text || "–"
  find("text").classList.toggle("long", text.length > 8)
  find("text").classList.toggle("unsure", digits.some(({ verdict }) => verdict !== "sure"))
  find("words").textContent = digit ? sentence(digit) : "Nothing is drawn yet"
}

function showTiles(digits, chosen, choose) {
  find("tiles").hidden = digits.length < 2
  const tiles = digits.map((digit, at) => {
    const canvas = make("canvas", { width: SIDE, height: SIDE })
    paintGrey(canvas, digit.pixels)
    const tile = make("button", { type: "button", onclick: () => choose(at) }, canvas, textOf(digit))
    tile.setAttribute("aria-pressed", at === chosen)
    return tile
  })
  find("tiles").replaceChildren(...tiles)
}

const N_BARS = Math.min(10, facts.classes.length)

function makeBars() {
  const bars = Array.from({ length: N_BARS }, () => {
    const [name, fill, share] = ["name", "fill", "percent"].map((className) => make("span", { className }))
    return { name, fill, share, row: make("li", {}, name, make("span", { className: "track" }, fill), share) }
  })
  find("bars").replaceChildren(...bars.map(({ row }) => row))
  return (digit) => {
    // All classes in their order; of more than there are bars, the likeliest.
    const shown = facts.classes.length > N_BARS && digit ? digit.ranking.slice(0, N_BARS) : [...bars.keys()]
    for (const [at, { name, fill, share, row }] of bars.entries()) {
      const probability = digit ? digit.probabilities[shown[at]] : 0
      name.textContent = name.title = facts.classes[shown[at]]
      fill.style.transform = `scaleX(${probability})`
      share.textContent = digit ? percentOf(probability) : ""
      row.classList.toggle("best", shown[at] === digit?.ranking[0])
    }
  }
}

// ---- The hidden layers ----------------------------------------------------------------------------------------------

const COLUMNS = 32
const CELL = 32 // pixels of the canvas, across a unit's square

function makeUnits(number, point) {
  const n = facts.layers[number + 1]
  const rows = Math.ceil(n / COLUMNS)
  const isFirst = number === 0
  const canvas = make("canvas", { width: COLUMNS * CELL, height: rows * CELL, role: "img" })
  canvas.ariaLabel = `${n} units of hidden layer ${number + 1}, each as bright as it answers`
  const name = facts.layers.length > 3 ? `hidden layer ${number + 1}` : "the hidden layer"
  const how = matchMedia("(pointer: coarse)").matches ? "Touch one" : "Point at one, or use the arrow keys,"
  const advice = isFirst ? ` ${how} to see what it looks for.` : ""
  const caption = make("figcaption", { textContent: `The ${n} units of ${name}, lit as they answer.${advice}` })
  find("layers").append(make("figure", { className: "units" }, canvas, caption))
  if (isFirst) pointAtUnits(canvas, n, point)
  return (activations, chosen) => {
    const context = canvas.getContext("2d")
    const most = Math.max(...(activations ?? []), 1e-9)
    context.clearRect(0, 0, canvas.width, canvas.height)
    context.fillStyle = getComputedStyle(canvas).color
    for (let unit = 0; unit < n; unit++) {
      const [x, y] = [(unit % COLUMNS) * CELL, Math.floor(unit / COLUMNS) * CELL]
      context.globalAlpha = 0.12 + 0.88 * Math.sqrt((activations?.[unit] ?? 0) / most)
      context.beginPath()
      context.roundRect(x + 3, y + 3, CELL - 6, CELL - 6, 8)
      context.fill()
    }
    if (!isFirst || chosen === null) return
    context.globalAlpha = 1
    context.lineWidth = 4
    context.strokeStyle = getComputedStyle(document.body).color
    context.strokeRect((chosen % COLUMNS) * CELL + 2, Math.floor(chosen / COLUMNS) * CELL + 2, CELL - 4, CELL - 4)
  }
}

function pointAtUnits(canvas, n, point) {
  let unit = 0
  canvas.tabIndex = 0
  canvas.ariaLabel += "; the arrow keys go from unit to unit"
  const go = (to) => {
    unit = clip(to, 0, n - 1)
    point(unit)
  }
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -COLUMNS, ArrowDown: COLUMNS }
  canvas.addEventListener("keydown", (event) => {
    if (!(event.key in steps)) return
    event.preventDefault()
    go(unit + steps[event.key])
  })
  const under = (event) => {
    const { left, top, width, height } = canvas.getBoundingClientRect()
    const column = clip(Math.floor(((event.clientX - left) / width) * COLUMNS), 0, COLUMNS - 1)
    const row = Math.floor(((event.clientY - top) / height) * (canvas.height / CELL))
    go(row * COLUMNS + column)
  }
  canvas.addEventListener("pointermove", under)
  canvas.addEventListener("pointerdown", under)
  canvas.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && point(null))
  canvas.addEventListener("blur", () => point(null))
}

// Without one pointed at, the unit that answers most.
function showFilter(activations, pointed) {
  const most = activations ? activations.indexOf(Math.max(...activations)) : 0
  const unit = pointed ?? most
  const column = Float32Array.from({ length: SIDE * SIDE }, (_, row) => layers[0].weights[row * facts.layers[1] + unit])
  paintSigned(find("filter"), column)
  const answer = activations ? `, answers ${activations[unit].toFixed(2)}${unit === most ? ", most of all" : ""}` : ""
  find("filter-words").textContent = `Unit ${unit + 1}${answer}: blue is ink it looks for, orange ink it does not want`
  return activations || pointed !== null ? unit : null
}

// ---- Pictures -------------------------------------------------------------------------------------------------------

function paintPixels(canvas, colourAt) {
  const image = new ImageData(SIDE, SIDE)
  for (let at = 0; at < SIDE * SIDE; at++) image.data.set([...colourAt(at), 255], 4 * at)
  canvas.getContext("2d").putImageData(image, 0, 0)
}

const paintGrey = (canvas, pixels) => paintPixels(canvas, (at) => [pixels[at], pixels[at], pixels[at]])

function paintSigned(canvas, numbers) {
  const most = Math.max(...numbers.map(Math.abs), 1e-9)
  paintPixels(canvas, (at) => {
    const colour = numbers[at] >= 0 ? [72, 166, 245] : [245, 128, 37] // told apart with any colour vision
    return colour.map((part) => part * Math.sqrt(Math.abs(numbers[at]) / most))
  })
}

// ---- All together ---------------------------------------------------------------------------------------------------

introduce()
const hiddenLayers = facts.layers.slice(1, -1)
const showUnits = hiddenLayers.map((_, number) => makeUnits(number, pointAt))
const showBars = makeBars()

let digits = []
let chosen = null // the last one drawn, unless another is asked for
let pointed = null
let isAwaited = false
let isDone = true

function show() {
  const at = Math.min(chosen ?? Infinity, digits.length - 1)
  const digit = digits[at]
  showVerdict(digits, digit)
  showTiles(digits, at, choose)
  showBars(digit)
  paintGrey(find("seen"), digit?.pixels ?? new Uint8Array(SIDE * SIDE))
  showHidden(digit)
}

function showHidden(digit) {
  if (!hiddenLayers.length) return
  const unit = showFilter(digit?.hidden[0], pointed)
  for (const [number, showLayer] of showUnits.entries()) showLayer(digit?.hidden[number], unit)
}

function choose(at) {
  chosen = at
  show()
  find("tiles").children[at].focus()
}

function pointAt(unit) {
  pointed = unit
  showHidden(digits[Math.min(chosen ?? Infinity, digits.length - 1)])
}

// Once a frame, however fast one draws; aloud only what stays.
function readSoon({ isBlank, canUndo, isResting }) {
  find("hint").hidden = !isBlank
  find("clear").disabled = isBlank
  find("undo").disabled = !canUndo
  isDone = isResting
  if (isAwaited) return
  isAwaited = true
  requestAnimationFrame(() => {
    isAwaited = false
    chosen = null
    digits = read(board.drawing())
    show()
    if (isDone) find("said").textContent = digits.map(sentence).join(". ")
  })
}

const board = makeBoard(find("board"), readSoon)
find("undo").addEventListener("click", board.undo)
find("clear").addEventListener("click", () => board.draw([]))
find("show").hidden = !areDigits
find("show").addEventListener("click", () => drawExample(board))
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "z") board.undo()
})
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show)
show()

window.fastnet = { facts, predict, read, drawing: board.drawing }
