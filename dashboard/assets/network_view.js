// A network at work: the pixels that it sees, the units of each hidden layer lit as they answer, the outputs, and the
// strongest connections of whatever is pointed at. It only shows: `load` takes a model, `show` the pixels of a digit.
// It needs `network.js` and `picture.js` of the exported page.

const COLUMNS = 32 // of a layer's grid
const CELL = 14 // pixels of the canvas, across a unit's square
const MOST_LINES = 12
const EASE = 0.45 // of the way to its new brightness a unit goes in a frame
const SETTLED = 0.01
const GUTTER = 24 // pixels of the page, left of the outputs
const SHARPEST = 2 // pixels of the canvas of lines, a pixel of the page
const NO_PIXELS = new Uint8Array(SIDE * SIDE)

function makeNetworkView() {
  const seen = make("canvas", { width: SIDE, height: SIDE, role: "img", ariaLabel: "The 28 by 28 pixels that the network sees" })
  const input = make("figure", { className: "input" }, seen, captionOf("It sees 28 × 28 pixels", "x: 784 inputs, from 0 to 1"))
  const lines = make("canvas", { className: "lines", ariaHidden: "true" })
  const words = make("p", { className: "pointed" })
  const stage = make("div", { className: "network" })
  const said = make("p", { className: "for-readers", role: "status" })
  const element = make("div", { className: "network-view" }, stage, words, said)

  let layers = []
  let predict = null
  let grids = []
  let outputs = null
  let facts = null
  let asked = 0
  let pixels = NO_PIXELS
  let answer = null
  let pointed = null // {layer, unit}; the outputs are the layer after the last hidden one
  let isAwaited = false

  const load = (model) => {
    facts = model.facts
    asked = model.asked
    layers = unpackLayers(model.weights, facts.layers)
    predict = makePredict(facts, layers)
    pointed = null
    const sizes = facts.layers.slice(1, -1)
    grids = sizes.map((_, number) => makeGrid(number, sizes.length, layers[number + 1], model.dead[number] ?? [], point))
    outputs = makeOutputs(facts.classes, sizes.length, point)
    const formula = sizes.length ? `z = h W${sizes.length + 1} + b${sizes.length + 1}, p = softmax(z)` : "z = x W1 + b1, p = softmax(z)"
    const answers = make("figure", { className: "answers" }, outputs.list, captionOf("and ten outputs decide", formula))
    stage.replaceChildren(input, make("div", { className: "hidden-units" }, ...grids.map(({ figure }) => figure)), answers, lines)
    show(pixels)
  }

  // The pixels of a digit, or null where there is none; aloud only what stays.
  const show = (given, isResting = true) => {
    pixels = given ?? NO_PIXELS
    answer = predict && pixels.some((pixel) => pixel > 0) ? predict(pixels) : null
    for (const [number, grid] of grids.entries()) grid.aim(answer?.hidden[number])
    if (isResting) said.textContent = answer ? aloud() : ""
    paintSoon()
  }

  const point = (place) => {
    pointed = place
    paintSoon()
  }

  const paintSoon = () => {
    if (isAwaited || !predict) return
    isAwaited = true
    requestAnimationFrame(() => {
      isAwaited = false
      paint()
      if (grids.map((grid) => grid.moves()).some(Boolean)) paintSoon()
    })
  }

  const paint = () => {
    paintLines() // first: it asks where things are, and what changes below would have the browser lay the page out anew
    const unit = pointed?.layer === 0 && grids.length ? pointed.unit : null
    paintInput(seen, pixels, unit === null ? null : filterOf(unit))
    for (const [number, grid] of grids.entries()) grid.paint(pointed?.layer === number ? pointed.unit : null)
    outputs.show(answer, pointed?.layer === grids.length ? pointed.unit : null)
    words.textContent = inWords()
  }

  const filterOf = (unit) => Float32Array.from({ length: SIDE * SIDE }, (_, row) => layers[0].weights[row * facts.layers[1] + unit])
  const ofOutput = (output) => strongest(contributions(layers.at(-1), answer?.hidden.at(-1), output))

  // What is joined by a line: {from, to, strength}, the places being {layer, unit}.
  const joined = () => {
    if (!grids.length) return []
    const last = grids.length - 1
    const output = pointed ? (pointed.layer > last ? pointed.unit : null) : answer?.ranking[0]
    if (output !== null && output !== undefined) {
      return ofOutput(output).map(([unit, strength]) => ({ from: { layer: last, unit }, to: { layer: last + 1, unit: output }, strength }))
    }
    if (!pointed) return []
    const { layer, unit } = pointed
    const next = layers[layer + 1]
    const n = next.biases.length
    const row = Array.from(next.weights.subarray(unit * n, (unit + 1) * n))
    return strongest(row).map(([to, strength]) => ({ from: pointed, to: { layer: layer + 1, unit: to }, strength }))
  }

  const paintLines = () => {
    const bounds = stage.getBoundingClientRect()
    const scale = Math.min(devicePixelRatio, SHARPEST)
    const [width, height] = [Math.round(bounds.width * scale), Math.round(bounds.height * scale)]
    if (lines.width !== width || lines.height !== height) Object.assign(lines, { width, height })
    const context = lines.getContext("2d")
    context.setTransform(scale, 0, 0, scale, -bounds.left * scale, -bounds.top * scale)
    context.clearRect(bounds.left, bounds.top, bounds.width, bounds.height)
    context.lineCap = "round"
    for (const { from, to, strength } of joined()) {
      const [[x0, y0], [x1, y1]] = [anchorOf(from, true), anchorOf(to, false)]
      context.strokeStyle = `rgb(${colourOf(strength).join(" ")} / ${(pointed ? 0.35 : 0.2) + 0.55 * Math.abs(strength)})`
      context.lineWidth = 0.75 + 3 * Math.abs(strength)
      context.beginPath()
      context.moveTo(x0, y0)
      const end = to.layer === grids.length ? [x1 - GUTTER, y1] : [x1, (y0 + y1) / 2] // an output from its left, where no words are
      const bend = Math.abs(x1 - x0) > Math.abs(y1 - y0) ? [(x0 + x1) / 2, y0, (x0 + x1) / 2, y1] : [x0, (y0 + y1) / 2, ...end]
      context.bezierCurveTo(...bend, x1, y1)
      context.stroke()
    }
  }
  const anchorOf = ({ layer, unit }) => (layer < grids.length ? grids[layer].anchorOf(unit) : outputs.anchorOf(unit))

  const inWords = () => {
    if (!pointed) return answer ? "The lines are what spoke loudest for or against the answer. Point at a unit or an output." : "Nothing is drawn yet: every unit is dark."
    const { layer, unit } = pointed
    if (layer === grids.length) return wordsOfOutput(unit)
    const level = answer?.hidden[layer][unit]
    if (grids[layer].isDead(unit)) return `Unit ${unit} answers to none of ${asked.toLocaleString("en")} test digits: it is dead weight.`
    const says = level === undefined ? `Unit ${unit}.` : level > 0 ? `Unit ${unit} answers ${level.toFixed(2)}.` : `Unit ${unit} is dark.`
    const filter = layer === 0 ? " Blue pixels excite it, orange ones calm it." : ""
    return `${says}${filter}${grids[layer].speech(unit, layer + 1 === grids.length ? facts.classes : null)}`
  }
  const wordsOfOutput = (output) => {
    const name = facts.classes[output]
    const share = answer ? ` gets ${percentOf(answer.probabilities[output])}.` : "."
    if (!grids.length) return `${name}${share}`
    const [helpers, others] = [(s) => s > 0, (s) => s < 0].map((is) => ofOutput(output).filter(([, s]) => is(s)).slice(0, 3).map(([unit]) => unit))
    return `${name}${share} Loudest for it: ${listed(helpers)}. Against it: ${listed(others)}.`
  }
  const aloud = () => {
    const best = answer.ranking[0]
    const sure = `The network says ${facts.classes[best]}, ${percentOf(answer.probabilities[best])}`
    return grids.length ? `${sure}. ${wordsOfOutput(best).replace(/^.*?\. /, "")}` : `${sure}.`
  }

  const resizing = new ResizeObserver(paintSoon)
  resizing.observe(stage)
  const colours = new MutationObserver(paintSoon)
  colours.observe(document.documentElement, { attributeFilter: ["data-theme"] })
  const end = () => {
    resizing.disconnect()
    colours.disconnect()
  }
  return { element, load, show, end }
}

const listed = (units) => (units.length ? `${units.length > 1 ? "units" : "unit"} ${units.join(", ")}` : "none")

// One caption in plain words, and one in symbols.
function captionOf(plain, exact) {
  return make("figcaption", {}, make("span", { className: "for-players", textContent: plain }), make("span", { className: "for-scientists", textContent: exact }))
}

// What each unit adds to an output, or would add if all answered alike.
function contributions({ weights, biases }, levels, output) {
  const n = biases.length
  return Array.from({ length: weights.length / n }, (_, unit) => weights[unit * n + output] * (levels ? levels[unit] : 1))
}

// The largest of the numbers, whatever their sign: pairs of place and share of the largest.
function strongest(numbers) {
  const most = Math.max(...numbers.map(Math.abs), 1e-9)
  const places = [...numbers.keys()].filter((at) => numbers[at] !== 0)
  places.sort((a, b) => Math.abs(numbers[b]) - Math.abs(numbers[a]))
  return places.slice(0, MOST_LINES).map((at) => [at, numbers[at] / most])
}

// A layer's units as a grid: those that speak most for the first class come first, the dead ones last and apart.
function makeGrid(number, nLayers, next, deadOnes, point) {
  const n = next.weights.length / next.biases.length
  const isDead = new Uint8Array(n)
  for (const unit of deadOnes) isDead[unit] = 1
  const rowOf = (unit) => next.weights.subarray(unit * next.biases.length, (unit + 1) * next.biases.length)
  const favourite = Array.from({ length: n }, (_, unit) => rowOf(unit).indexOf(Math.max(...rowOf(unit))))
  const units = Array.from({ length: n }, (_, unit) => unit)
  if (number === nLayers - 1) units.sort((a, b) => favourite[a] - favourite[b])
  const lively = units.filter((unit) => !isDead[unit])
  const dead = units.filter((unit) => isDead[unit])
  const livelyRows = Math.ceil(lively.length / COLUMNS)
  const cells = new Map() // by unit: its column and row
  for (const [at, unit] of lively.entries()) cells.set(unit, [at % COLUMNS, Math.floor(at / COLUMNS)])
  for (const [at, unit] of dead.entries()) cells.set(unit, [at % COLUMNS, livelyRows + 0.5 + Math.floor(at / COLUMNS)])
  const nRows = livelyRows + (dead.length ? 0.5 + Math.ceil(dead.length / COLUMNS) : 0)
  const order = [...lively, ...dead]

  const canvas = make("canvas", { width: COLUMNS * CELL, height: nRows * CELL, tabIndex: 0, role: "slider" })
  canvas.ariaLabel = `Units of hidden layer ${number + 1}; the arrow keys go from unit to unit`
  Object.assign(canvas, { ariaValueMin: "0", ariaValueMax: String(n - 1), ariaValueNow: String(order[0]) })
  const apart = dead.length ? `; the ${dead.length} pale ones never do` : ""
  const symbols = number === 0 ? `max(0, x W1 + b1)` : `max(0, h${number} W${number + 1} + b${number + 1})`
  const caption = captionOf(`${n} units answer${apart}`, `h${nLayers > 1 ? number + 1 : ""} = ${symbols}: ${n} units${dead.length ? `, ${dead.length} of them dead` : ""}`)
  const figure = make("figure", {}, canvas, caption)

  let goal = new Float32Array(n)
  const levels = new Float32Array(n)
  const aim = (answers) => {
    const most = answers ? Math.max(...answers, 1e-9) : 1
    goal = answers ? answers.map((level) => Math.sqrt(Math.max(level, 0) / most)) : new Float32Array(n)
  }
  // One frame nearer to what is aimed at; whether there is more to go.
  const moves = () => {
    let farthest = 0
    const ease = isStill.matches ? 1 : EASE
    for (let unit = 0; unit < n; unit++) {
      levels[unit] += ease * (goal[unit] - levels[unit])
      farthest = Math.max(farthest, Math.abs(goal[unit] - levels[unit]))
    }
    if (farthest < SETTLED) levels.set(goal)
    return farthest >= SETTLED
  }

  const paint = (chosen) => {
    const context = canvas.getContext("2d")
    const style = getComputedStyle(canvas)
    const [dark, lit] = [style.color, style.getPropertyValue("--lit")]
    context.clearRect(0, 0, canvas.width, canvas.height)
    for (const unit of order) {
      const [column, row] = cells.get(unit)
      const [x, y, side] = [column * CELL + 1.5, row * CELL + 1.5, CELL - 3]
      context.globalAlpha = isDead[unit] ? 0.07 : 0.16
      context.fillStyle = dark
      context.fillRect(x, y, side, side)
      if (levels[unit] > 0) {
        context.globalAlpha = levels[unit]
        context.fillStyle = lit
        context.fillRect(x, y, side, side)
      }
    }
    context.globalAlpha = 1
    if (chosen === null) return
    const [column, row] = cells.get(chosen)
    context.lineWidth = 2
    context.strokeStyle = dark
    context.strokeRect(column * CELL + 1, row * CELL + 1, CELL - 2, CELL - 2)
  }

  const anchorOf = (unit) => {
    const { left, top, width, height } = canvas.getBoundingClientRect()
    const [column, row] = cells.get(unit)
    return [left + ((column + 0.5) * width) / COLUMNS, top + ((row + 0.5) * height) / nRows]
  }
  const unitAt = (event) => {
    const { left, top, width, height } = canvas.getBoundingClientRect()
    const column = Math.floor(((event.clientX - left) / width) * COLUMNS)
    const row = ((event.clientY - top) / height) * nRows
    const at = row < livelyRows ? Math.floor(row) * COLUMNS + column : lively.length + Math.floor(row - livelyRows - 0.5) * COLUMNS + column
    const unit = order[at]
    return unit !== undefined && Math.floor(cells.get(unit)[0]) === column ? unit : null
  }
  const speech = (unit, classes) => {
    if (!classes) return ""
    const row = [...rowOf(unit)]
    return ` It speaks most for ${classes[favourite[unit]]}, and most against ${classes[row.indexOf(Math.min(...row))]}.`
  }

  let at = 0
  const choose = (unit) => {
    point(unit === null ? null : { layer: number, unit })
    if (unit === null) return
    at = order.indexOf(unit)
    const answers = goal[unit] > 0 ? "lit" : "dark"
    Object.assign(canvas, { ariaValueNow: String(unit), ariaValueText: `Unit ${unit}, ${answers}.${speech(unit, number === nLayers - 1 ? [...next.biases.keys()] : null)}` })
  }
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -COLUMNS, ArrowDown: COLUMNS, Home: -n, End: n }
  canvas.addEventListener("keydown", (event) => {
    if (!(event.key in steps)) return
    event.preventDefault()
    choose(order[clip(at + steps[event.key], 0, n - 1)])
  })
  canvas.addEventListener("pointermove", (event) => choose(unitAt(event)))
  canvas.addEventListener("pointerdown", (event) => choose(unitAt(event)))
  canvas.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && choose(null))
  canvas.addEventListener("focus", () => canvas.matches(":focus-visible") && choose(order[at]))
  canvas.addEventListener("blur", () => choose(null))
  return { figure, aim, moves, paint, anchorOf, speech, isDead: (unit) => isDead[unit] === 1 }
}

// The ten outputs: buttons with the probability as a bar, and the logit.
function makeOutputs(classes, layer, point) {
  const rows = classes.map((name, unit) => {
    const fill = make("span", { className: "fill" })
    const logit = make("span", { className: "logit for-scientists" })
    const percent = make("span", { className: "percent" })
    const button = make("button", { type: "button" }, make("b", { textContent: name }), make("span", { className: "track" }, fill), percent, logit)
    button.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && point({ layer, unit }))
    button.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && point(null))
    button.addEventListener("focus", () => point({ layer, unit }))
    button.addEventListener("blur", () => point(null))
    button.addEventListener("click", () => point({ layer, unit }))
    return { button, fill, logit, percent }
  })
  const list = make("ol", { className: "outputs", ariaLabel: "Outputs: the probability of each digit" }, ...rows.map(({ button }) => make("li", {}, button)))
  const show = (answer, chosen) => {
    for (const [unit, { button, fill, logit, percent }] of rows.entries()) {
      button.classList.toggle("best", answer?.ranking[0] === unit)
      button.classList.toggle("chosen", chosen === unit)
      fill.style.transform = `scaleX(${answer ? answer.probabilities[unit] : 0})`
      percent.textContent = answer ? percentOf(answer.probabilities[unit]) : ""
      logit.textContent = answer ? `z ${answer.logits[unit].toFixed(1)}` : ""
    }
  }
  const anchorOf = (unit) => {
    const { left, top, height } = rows[unit].button.getBoundingClientRect()
    return [left, top + height / 2]
  }
  return { list, show, anchorOf }
}

// The ink in grey; under a unit's filter, blue where it wants ink and orange where it does not.
function paintInput(canvas, pixels, filter) {
  const most = filter ? Math.max(...filter.map(Math.abs), 1e-9) : 1
  const image = new ImageData(SIDE, SIDE)
  for (let at = 0; at < pixels.length; at++) {
    const strength = filter ? Math.sqrt(Math.abs(filter[at]) / most) : 0
    const ink = pixels[at] * (filter ? 0.75 * (1 - 0.6 * strength) : 1)
    const colour = filter ? colourOf(filter[at]) : FOR
    image.data.set([...colour.map((part) => Math.min(255, ink + part * strength * 0.8)), 255], 4 * at)
  }
  canvas.getContext("2d").putImageData(image, 0, 0)
}
