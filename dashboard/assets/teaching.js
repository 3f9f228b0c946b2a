// Teach it: what is the chosen digit? Ten buttons, what came of the last one, and what becomes of the model. Python hears
// {digit, label}, {keep: name} and "forget". Which digit is chosen, the answer tells with an event.

const PENDING = {
  learning: "It practises: a few steps of training on your digit, among others that it knew. Where the kernels are yet to be compiled, that takes up to a minute.",
  calibrating: "Now it finds out how sure it may be, if that can be; then you can keep it.",
  keeping: "It is being kept.",
}

export function render({ model, el }) {
  const canvas = make("canvas", { width: SIDE, height: SIDE, role: "img", ariaLabel: "The digit that you teach" })
  const buttons = Array.from({ length: 10 }, (_, label) => make("button", { type: "button", className: "tool", textContent: label }))
  const labels = make("div", { className: "labels", role: "group", ariaLabel: "What this digit is" }, ...buttons)
  const question = make("p", { className: "question" })
  const ask = make("div", { className: "ask" }, canvas, make("div", {}, question, labels))
  const problem = make("p", { className: "problem", role: "alert" })
  const pending = make("p", { className: "pending", role: "status" })
  const outcome = makeOutcome()
  const fate = makeFate(model)
  const section = make("section", { className: "teach", ariaLabel: "Teach it" }, make("h3", { textContent: "Teach it" }), ask, problem, pending, outcome.element, fate.element)
  el.replaceChildren(section)

  let number = 0
  let chosen = null
  let newest = null
  let told = ""
  const show = () => {
    number = chosen?.number ?? model.digits.findIndex(Boolean)
    const isThere = Boolean(model.digits[number]) // of an empty box nothing is asked
    ask.hidden = !isThere
    if (isThere) paint(canvas, grey(bytes(model.digits[number])))
    question.textContent = model.questions[number]
    for (const button of buttons) button.ariaDisabled = String(model.state !== "idle") // not `disabled`, which would lose the focus
    problem.textContent = model.problem && `${model.problem[0].toUpperCase()}${model.problem.slice(1)}.`
    problem.hidden = !model.problem
    pending.textContent = PENDING[model.state] ?? (model.kept ? `Kept: “${model.kept}” is the model that reads now.` : "")
    pending.classList.toggle("busy", model.state !== "idle")
    outcome.show(model.outcome, model.remarks, isThere && model.digits[number])
    const hadFocus = fate.element.contains(el.getRootNode().activeElement)
    fate.show()
    section.hidden = !isThere && !model.taught.length && !model.kept
    if (hadFocus && fate.element.hidden && isThere) buttons[0].focus()
    if (model.state === "calibrating" && model.outcome !== newest) outcome.element.scrollIntoView({ block: "nearest" })
    newest = model.outcome
    if (model.problem && model.problem !== told) problem.scrollIntoView({ block: "nearest" }) // on a phone it may lie below
    told = model.problem
  }
  for (const [label, button] of buttons.entries())
    button.addEventListener("click", () => model.state === "idle" && model.send_msg({ digit: number, label }))
  const follow = ({ detail }) => {
    chosen = detail
    show()
  }
  document.addEventListener("fastnet-digit", follow)
  model.on("remove", () => document.removeEventListener("fastnet-digit", follow))
  model.on("digits", () => {
    chosen = null // it was one of the former answer's
    show()
  })
  for (const name of ["questions", "state", "taught", "outcome", "remarks", "problem", "kept"]) model.on(name, show)
  show()
}

// Before and after, side by side, and what it cost.
function makeOutcome() {
  const canvas = make("canvas", { width: SIDE, height: SIDE, role: "img", ariaLabel: "The digit that you taught" })
  const plainly = make("strong", { className: "for-players" })
  const precisely = make("span", { className: "for-scientists" })
  const body = make("tbody")
  const head = make("tr", {}, ...["Digit", "Before", "Now"].map((textContent) => make("th", { textContent, scope: "col" })))
  const table = make("table", { className: "before-after" }, make("caption", { className: "for-readers", textContent: "Its probabilities before and now" }), make("thead", {}, head), body)
  const costPlainly = make("span", { className: "for-players" })
  const cost = make("span", { className: "for-scientists" })
  const remarked = make("span")
  const told = make("p", { className: "told", role: "status" }, plainly, precisely, remarked, costPlainly, cost)
  const element = make("div", { className: "outcome" }, make("div", { className: "learnt" }, canvas, told), table)
  const show = ({ pixels, label, before, after, ...words }, remarks, asked) => {
    element.hidden = !pixels
    if (!pixels) return
    canvas.hidden = pixels === asked // it stands above
    paint(canvas, grey(bytes(pixels)))
    plainly.textContent = words.plainly
    precisely.textContent = words.precisely
    costPlainly.textContent = words.costPlainly
    cost.textContent = words.cost
    remarked.textContent = remarks.join(" ")
    remarked.hidden = !remarks.length
    body.replaceChildren(
      ...before.map((was, digit) => {
        const name = make("th", { textContent: digit, scope: "row" })
        const row = make("tr", {}, name, probability(was, before), probability(after[digit], after))
        row.classList.toggle("taught", digit === label)
        return row
      }),
    )
  }
  return { element, show }
}

function probability([share, percent], all) {
  const fill = make("span", { className: "fill" })
  fill.style.transform = `scaleX(${share})`
  const cell = make("td", {}, make("span", { className: "track" }, fill), make("span", { className: "percent", textContent: percent }))
  cell.classList.toggle("best", share === Math.max(...all.map(([other]) => other)))
  return cell
}

// Keep the model or forget what it learnt.
function makeFate(model) {
  const list = make("p", { className: "quiet" })
  const name = make("input", { type: "text", maxLength: 40, value: "My reader", autocomplete: "off" })
  const keep = make("button", { type: "submit", className: "tool", textContent: "Keep it" })
  const forget = make("button", { type: "button", className: "tool", textContent: "Forget it" })
  const form = make("form", { className: "fate" }, make("label", {}, make("span", { textContent: "Name of your model" }), name), keep, forget)
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    model.send_msg({ keep: name.value })
  })
  forget.addEventListener("click", () => model.send_msg("forget"))
  const element = make("div", {}, list, form)
  const show = () => {
    element.hidden = !model.taught.length
    list.textContent = `It reads with what you taught it: ${model.taught.join(", ")}. Teach it more, keep it as a model of yours, or forget it.`
    keep.disabled = model.state !== "idle"
    forget.disabled = model.state === "keeping"
  }
  return { element, show }
}
