// One training step, slowly. Python hears {steps}, {weight} or {anew}, one message at a time, and answers each; while the
// first answer takes long, as kernels are compiled, that is told.

const ACROSS = 8 // digits of the mini-batch, in a row
const BETWEEN = 400 // ms, from step to step of what plays
const LONG = 1000 // ms
const [LEFT, TOP, WIDTH, HEIGHT] = [40, 8, 320, 150] // of the loss curve, within its picture

const PARTS = [
  ["forward", "1. Forward: what does the network say?",
    "Each unit adds up what comes in, each number times its weight. Only what is above zero goes on. The ten sums at the end become probabilities.",
    ({ units }) => `h = max(0, x W1 + b1), z = h W2 + b2;  x (64, 784), W1 (784, ${units}), h (64, ${units}), W2 (${units}, 10), z (64, 10)`],
  ["loss", "2. Loss: how wrong is it?",
    "The less probability the right digit got, the larger the loss. Its mean over the 64 digits is the one number that training makes small.",
    () => "L = −1/64 Σ log softmax(z)[label]"],
  ["gradient", "3. Gradient: which way is down?",
    "How would the loss change if this weight were a little larger? All weights are asked at once, from the outputs back to the pixels.",
    () => "dz = (softmax(z) − one_hot(label)) / 64, dW2 = hᵀ dz, dh = (dz W2ᵀ where h > 0), dW1 = xᵀ dh.  The fused kernels never store it: it goes from registers into Adam. Here it is computed once more, kernel by kernel, to be seen."],
  ["adam", "4. Adam: the step",
    "The weight goes a little way against its gradient. m remembers where that usually points and v how large it usually is, so that each weight takes steps of its own size.",
    () => "m = 0.9 m + 0.1 g, v = 0.999 v + 0.001 g², w = w − 0.001 m̂ / (√v̂ + 10⁻⁸);  m̂ = m / (1 − 0.9ᵗ), v̂ = v / (1 − 0.999ᵗ), t the step"],
]

export function render({ model, el }) {
  const button = (textContent, className = "tool") => make("button", { type: "button", className, textContent })
  const [once, often, play, anew] = [button("Step", "tool first"), button("10 steps"), button("Play"), button("Start anew")]
  const units = make("select", {}, ...model.choices.map((n) => make("option", { value: n, textContent: `784-${n}-10` })))
  const status = make("p", { className: "state-line", role: "status" })
  const problem = make("p", { className: "problem", role: "alert" })
  const controls = make("div", { className: "tools", role: "toolbar", ariaLabel: "The lesson" }, once, often, play, anew, make("label", { className: "labelled" }, "Network", units))
  const batch = make("canvas", { width: ACROSS * SIDE, height: ACROSS * SIDE, role: "img", ariaLabel: "The 64 digits of the mini-batch" })
  const curve = make("div", { className: "curve", role: "img" })
  const chooser = makeChooser((weight) => tell({ weight }))
  const caption = (textContent) => make("figcaption", { textContent })
  const batchWords = caption("")
  const overview = make("div", { className: "overview" },
    make("figure", {}, batch, batchWords),
    make("figure", {}, curve, caption("The loss, step by step")),
    chooser.element)
  const agreement = make("p", { className: "agreement" })
  const parts = PARTS.map((part) => makePart(part, model.sources[part[0]]))
  const body = make("div", { className: "lesson" }, overview, ...parts.map(({ element }) => element), agreement)
  const story = make("p", { className: "story" },
    make("span", { className: "for-scientists", textContent: "A network that knows nothing yet learns from 64 real digits at a time, twice: with the textbook's NumPy, and with the compiled kernels. Take a step, and watch what it does to one weight." }),
    make("span", { className: "for-players", textContent: "A network that knows nothing yet looks at 64 real digits, sees how wrong it was, and changes all its numbers a little; that is one step, and thousands of them are its school. Take some, and watch what they do to one of the numbers." }))
  el.replaceChildren(story, controls, status, problem, body)

  let waiting = null // what tells that it takes long
  let playing = null
  const tell = (message) => {
    if (waiting) return
    const began = performance.now()
    waiting = setInterval(() => {
      const seconds = Math.round((performance.now() - began) / 1000)
      status.textContent = `Getting ready, ${seconds} s: a process of its own starts, and on a new machine the kernels are compiled first, which takes up to a minute.`
    }, LONG)
    model.send_msg(message)
    enable()
  }
  const heard = () => {
    clearInterval(waiting)
    waiting = null
    show()
    // Where another tab is open, nothing plays on.
    if (playing && !model.problem && el.clientWidth > 0) playing = setTimeout(() => tell({ steps: 1 }), BETWEEN)
    else pause()
  }
  const pause = () => {
    clearTimeout(playing)
    playing = null
    enable()
  }
  const enable = () => {
    for (const one of [once, often, anew, units]) one.disabled = waiting !== null || playing !== null
    play.textContent = playing ? "Pause" : "Play"
    chooser.enable(model.step > 0 && !playing)
  }
  once.addEventListener("click", () => tell({ steps: 1 }))
  often.addEventListener("click", () => tell({ steps: 10 }))
  anew.addEventListener("click", () => tell({ anew: model.units }))
  units.addEventListener("change", () => tell({ anew: Number(units.value) }))
  play.addEventListener("click", () => {
    if (playing) return pause()
    playing = setTimeout(() => tell({ steps: 1 }))
    enable()
  })

  const show = () => {
    const { batch: digits, losses, step } = model
    units.value = model.units
    problem.textContent = model.problem && `${model.problem[0].toUpperCase()}${model.problem.slice(1)}.`
    problem.hidden = !model.problem
    body.classList.toggle("waits", step === 0)
    const isFirst = step === 1
    status.textContent = step ? `Step ${step}: loss ${losses.at(-1).toFixed(4)}, ${digits.right} of 64 right before it${isFirst ? ", by chance" : ""}` : "No step has been taken yet."
    agreement.textContent = model.agreement
    batchWords.textContent = step ? "The mini-batch; the first digit is followed" : "A mini-batch will stand here"
    paintBatch(batch, digits)
    drawCurve(curve, losses)
    chooser.show(model)
    for (const part of parts) part.show(model)
    enable()
  }
  model.on("msg:custom", heard)
  const colours = new MutationObserver(() => chooser.show(model))
  colours.observe(document.documentElement, { attributeFilter: ["data-theme"] })
  model.on("remove", () => {
    clearInterval(waiting)
    pause()
    colours.disconnect()
  })
  show()
}

// Which weight: its layer, where it comes from, where it leads; of the first layer, a click on the unit's filter tells too.
function makeChooser(choose) {
  const layer = make("select", {}, ...["first layer, from a pixel", "last layer, from a unit"].map((textContent, value) => make("option", { value, textContent })))
  const number = (ariaLabel) => make("input", { type: "number", min: 0, step: 1, ariaLabel })
  const [start, to] = [number("From"), number("To")]
  const filter = make("canvas", { width: SIDE, height: SIDE, role: "img" })
  const words = make("figcaption")
  const fields = make("div", { className: "fields" },
    make("label", {}, "Weight of the", layer), make("label", {}, make("span", { textContent: "from" }), start), make("label", {}, make("span", { textContent: "to" }), to))
  const element = make("figure", { className: "chooser" }, make("div", { className: "filter" }, filter, fields), words)
  let weight = [0, 0, 0]
  const changed = () => {
    const isOther = Number(layer.value) !== weight[0]
    if (start.value === "" || to.value === "" || !start.validity.valid || !to.validity.valid) return
    choose(isOther ? [Number(layer.value), 0, 0] : [weight[0], Number(start.value), Number(to.value)])
  }
  for (const field of [layer, start, to]) field.addEventListener("change", changed)
  filter.addEventListener("click", (event) => {
    if (weight[0] !== 0 || start.disabled) return
    const { left, top, width, height } = filter.getBoundingClientRect()
    const [x, y] = [(event.clientX - left) / width, (event.clientY - top) / height].map((share) => Math.min(SIDE - 1, Math.floor(share * SIDE)))
    choose([0, y * SIDE + x, weight[2]])
  })
  const enable = (isPossible) => {
    for (const field of [layer, start, to]) field.disabled = !isPossible
  }
  const show = (model) => {
    weight = model.weight
    const [number, from, unit] = weight
    layer.value = number
    start.max = number === 0 ? SIDE * SIDE - 1 : model.units - 1
    to.max = number === 0 ? model.units - 1 : 9
    if (document.activeElement !== start) start.value = from
    if (document.activeElement !== to) to.value = unit
    const place = `row ${Math.floor(from / SIDE)}, column ${from % SIDE}`
    words.textContent = number === 0 ? `The weight from pixel ${from} (${place}) to unit ${unit}; click on another pixel of the unit's filter` : `The weight from unit ${from} to the digit ${unit}; this is the unit's filter`
    filter.ariaLabel = `The filter of unit ${number === 0 ? unit : from}`
    paintFilter(filter, model.filter, number === 0 ? from : null)
  }
  return { element, show, enable }
}

function makePart([key, title, plainly, formula], [reference, kernels]) {
  const exactly = make("p", { className: "formula for-scientists" })
  const head = ["Quantity", "NumPy reference", "Numba kernels", "Difference"].map((textContent) => make("th", { textContent, scope: "col" }))
  const rows = make("tbody")
  const table = make("table", {}, make("caption", { className: "for-readers", textContent: title }), make("thead", {}, make("tr", {}, ...head)), rows)
  const code = (name, text) => make("figure", {}, make("figcaption", { textContent: name }), make("pre", {}, ...codeLines(text)))
  const codes = make("div", { className: "codes for-scientists" }, code("NumPy, kernels/reference.py", reference), code("at the heart of the Numba kernels", kernels))
  const element = make("section", {}, make("h3", { textContent: title }), make("p", { className: "plainly", textContent: plainly }), exactly, make("div", { className: "wide" }, table), codes)
  const show = (model) => {
    exactly.textContent = formula(model)
    const own = model.rows.filter(([part]) => part === key)
    table.hidden = own.length === 0
    rows.replaceChildren(...own.map(([, name, figures]) => make("tr", {}, make("th", { textContent: name, scope: "row" }), ...["", "", ""].map((_, at) => make("td", { textContent: figures[at] ?? "–" })))))
  }
  return { element, show }
}

function paintBatch(canvas, { pixels = "", labels = [] }) {
  const context = canvas.getContext("2d")
  context.clearRect(0, 0, canvas.width, canvas.height)
  const digits = bytes(pixels)
  for (const number of labels.keys()) {
    const image = new ImageData(SIDE, SIDE)
    for (let at = 0; at < SIDE * SIDE; at++) {
      const ink = digits[number * SIDE * SIDE + at]
      image.data.set([ink, ink, ink, 255], 4 * at)
    }
    context.putImageData(image, (number % ACROSS) * SIDE, Math.floor(number / ACROSS) * SIDE)
  }
  if (!labels.length) return
  context.strokeStyle = `rgb(${AGAINST})`
  context.lineWidth = 2
  context.strokeRect(1, 1, SIDE - 2, SIDE - 2)
  canvas.ariaLabel = `The 64 digits of the mini-batch: ${labels.join(", ")}`
}

function paintFilter(canvas, weights, pixel) {
  const context = canvas.getContext("2d")
  context.clearRect(0, 0, SIDE, SIDE)
  if (!weights.length) return
  const most = Math.max(...weights.map(Math.abs), 1e-9)
  const image = new ImageData(SIDE, SIDE)
  for (const [at, weight] of weights.entries()) image.data.set([...colourOf(weight), (255 * Math.abs(weight)) / most], 4 * at)
  context.putImageData(image, 0, 0)
  if (pixel === null) return
  context.strokeStyle = getComputedStyle(canvas).color
  context.lineWidth = 1
  context.strokeRect((pixel % SIDE) - 0.5, Math.floor(pixel / SIDE) - 0.5, 2, 2)
}

const svg = (tag, attributes, ...children) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children)
  return element
}

// From 0 to a little above the largest loss.
function drawCurve(place, losses) {
  const most = Math.ceil(2 * Math.max(...losses, 2.5)) / 2
  const x = (step) => LEFT + (WIDTH * (step - 1)) / Math.max(losses.length - 1, 1)
  const y = (loss) => TOP + HEIGHT * (1 - loss / most)
  const ticks = [0, most / 2, most].flatMap((loss) => [
    svg("line", { x1: LEFT, x2: LEFT + WIDTH, y1: y(loss), y2: y(loss), class: "tick" }),
    svg("text", { x: LEFT - 6, y: y(loss) + 4, "text-anchor": "end" }, String(loss)),
  ])
  const steps = losses.length > 1 ? [1, losses.length] : losses.length ? [1] : []
  const below = steps.map((step) => svg("text", { x: x(step), y: TOP + HEIGHT + 18, "text-anchor": step === 1 ? "start" : "end" }, step === 1 ? "step 1" : String(step)))
  const line = svg("polyline", { points: losses.map((loss, at) => `${x(at + 1)},${y(loss)}`).join(" "), class: "line" })
  const dot = losses.length ? [svg("circle", { cx: x(losses.length), cy: y(losses.at(-1)), r: 4, class: "dot" })] : []
  place.replaceChildren(svg("svg", { viewBox: `0 0 ${LEFT + WIDTH + 8} ${TOP + HEIGHT + 24}` }, ...ticks, ...below, line, ...dot))
  place.ariaLabel = losses.length ? `The loss went from ${losses[0].toFixed(3)} to ${losses.at(-1).toFixed(3)} in ${losses.length} steps` : "No loss yet"
}
