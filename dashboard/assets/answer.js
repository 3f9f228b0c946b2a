// The answer: verdict, one tile a digit when there are several, ten bars, the 28x28 pixels and the heat map. The
// elements are made once and changed in place, many times a second while one draws.

const BLANK = btoa("\0".repeat(SIDE * SIDE))
const NO_DIGIT = { probabilities: Array(10).fill(0), percents: Array(10).fill(""), pixels: BLANK, heat: "" }

export function render({ model, el }) {
  const problem = make("p", { className: "problem", role: "alert" })
  const tiles = make("div", { className: "tiles", role: "group", ariaLabel: "The digits, in reading order" })
  const verdict = makeVerdict()
  const bars = makeBars()
  const seen = makeSquare("The 28 by 28 pixels that the network sees", "What the network sees")
  const legend = [make("i", { className: "for" }), "for it", make("i", { className: "against" }), "against"]
  const heat = makeSquare("The pixels that spoke for the answer, and against it", ...legend)
  const squares = make("div", { className: "squares" }, seen.figure, heat.figure)
  const head = make("div", { className: "head" }, verdict.element, tiles)
  let chosen = 0
  const chosenDigit = () => model.answer.digits[chosen] ?? NO_DIGIT
  const results = makeResults(model, () => ({ rows: model.answer.rows, pixels: bytes(chosenDigit().pixels) }))
  const whole = make("div", { className: "answer" }, head, squares, bars.element, results)
  el.replaceChildren(problem, whole)

  const show = () => {
    const { answer } = model
    problem.textContent = answer.problem
    problem.hidden = !answer.problem
    verdict.show(answer)
    tiles.hidden = answer.digits.length < 2
    tiles.replaceChildren(...answer.digits.map((digit, at) => makeTile(digit, at === chosen, () => choose(at))))
    inLines(tiles, answer.digits)
    results.hidden = !answer.text
    whole.classList.toggle("blank", answer.digits.length === 0)
    whole.classList.toggle("example", Boolean(answer.example))
    const digit = chosenDigit()
    const pixels = bytes(digit.pixels)
    bars.show(digit)
    paint(seen.canvas, grey(pixels)) // of paper without a digit, the stylesheet shows an empty frame
    paint(heat.canvas, votes(bytes(digit.heat || BLANK), pixels)) // no votes yet while the pen is down
    document.dispatchEvent(new CustomEvent("fastnet-digit", { detail: digit === NO_DIGIT ? null : { ...digit, number: chosen } })) // to those below
  }
  const begin = () => { // with a digit, not with an empty box
    const { digits } = model.answer
    chosen = Math.min(chosen, Math.max(0, digits.length - 1))
    if (digits[chosen]?.digit === "_") chosen = Math.max(0, digits.findIndex(({ digit }) => digit !== "_"))
    show()
  }
  const choose = (at) => {
    chosen = at
    show()
    tiles.children[at].focus()
  }
  model.on("answer", begin)
  begin()
}

function makeVerdict() {
  const text = make("output", { className: "digits" })
  const example = make("span", { className: "digits pale", ariaHidden: "true" }) // what the page wrote itself is no answer
  const sentence = make("strong", { className: "for-scientists" })
  const plainly = make("strong", { className: "for-players" })
  const second = make("span", { className: "quiet for-scientists" })
  const notes = make("span", { className: "quiet" })
  const reasons = make("ul", { className: "reasons", ariaLabel: "Why" })
  const steps = make("ul", { className: "steps", ariaLabel: "What to do" })
  const words = make("div", { className: "words" }, sentence, plainly, second, notes, reasons, steps)
  const element = make("div", { className: "verdict", role: "status" }, text, example, words)
  const show = (answer) => {
    text.textContent = answer.text || "–"
    text.classList.toggle("none", !answer.text)
    example.textContent = answer.example ?? ""
    const lines = (answer.text || answer.example || "–").split("\n")
    element.style.setProperty("--n", Math.max(...lines.map((line) => line.length)))
    element.style.setProperty("--lines", lines.length)
    text.classList.toggle("rows", Boolean(answer.text?.includes("\n")))
    text.classList.toggle("unsure", Boolean(answer.is_unsure)) // without an answer, nothing is said of it
    sentence.textContent = answer.sentence
    plainly.textContent = answer.plainly
    second.textContent = answer.second
    notes.textContent = answer.notes
    notes.hidden = !answer.notes
    reasons.replaceChildren(...answer.reasons.map((reason) => make("li", { textContent: reason })))
    steps.replaceChildren(...answer.steps.map((step) => make("li", { textContent: step })))
  }
  return { element, show }
}

function makeTile({ digit, pixels, reasons }, isChosen, choose) {
  const canvas = make("canvas", { width: SIDE, height: SIDE })
  paint(canvas, grey(bytes(pixels)))
  const button = make("button", { type: "button", className: "tile" }, canvas, digit)
  button.classList.toggle("unsure", reasons.length > 0)
  button.classList.toggle("empty", digit === "_")
  button.title = reasons.join(", ")
  button.setAttribute("aria-pressed", isChosen)
  button.addEventListener("click", choose)
  return button
}

// Each line begins a row of its own, and the longest decides how large all are.
function inLines(tiles, digits) {
  const lengths = new Map()
  for (const [at, { line }] of digits.entries()) {
    if (!lengths.has(line)) tiles.children[at].classList.add("first")
    lengths.set(line, (lengths.get(line) ?? 0) + 1)
  }
  tiles.style.setProperty("--n", Math.max(1, ...lengths.values()))
}

function makeBars() {
  const rows = Array.from({ length: 10 }, (_, digit) => {
    const fill = make("span", { className: "fill" })
    const percent = make("span", { className: "percent for-scientists" })
    const row = make("li", { className: "bar" }, make("span", { textContent: digit }), make("span", { className: "track" }, fill), percent)
    return { row, fill, percent }
  })
  const element = make("ol", { className: "bars", ariaLabel: "Probability of each digit" }, ...rows.map(({ row }) => row))
  const show = ({ probabilities, percents }) => {
    const best = Math.max(...probabilities)
    for (const [digit, { row, fill, percent }] of rows.entries()) {
      row.classList.toggle("best", probabilities[digit] > 0 && probabilities[digit] === best)
      fill.style.transform = `scaleX(${probabilities[digit]})`
      percent.textContent = percents[digit]
    }
  }
  return { element, show }
}

function makeSquare(ariaLabel, ...caption) {
  const canvas = make("canvas", { width: SIDE, height: SIDE, role: "img", ariaLabel })
  return { canvas, figure: make("figure", {}, make("figcaption", {}, ...caption), canvas) }
}

// What speaks for the answer and against it, over the ink in faint grey.
function votes(heat, pixels) {
  const signed = new Int8Array(heat.buffer)
  return (at) => {
    const strength = Math.sqrt(Math.abs(signed[at]) / 127)
    const ink = 0.22 * pixels[at] * (1 - strength)
    const [red, green, blue] = colourOf(signed[at])
    return ((ink + blue * strength) << 16) | ((ink + green * strength) << 8) | (ink + red * strength)
  }
}
