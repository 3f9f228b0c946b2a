// The versions of a step as rungs: the arrow keys, or a click, walk from one to the next. Python hears "measure".

export function render({ model, el }) {
  const story = make("p", {
    className: "story",
    textContent: "The same step, with the same result, in five versions: each adds one idea to the one above it. Walk down the ladder.",
  })
  const machine = make("select")
  const measure = make("button", { type: "button", className: "tool", textContent: "Measure here" })
  measure.hidden = !model.may_measure
  const status = make("p", { className: "state-line", role: "status" })
  const problem = make("p", { className: "problem", role: "alert" })
  const rungs = model.rungs.map(([name], at) => {
    const [fill, time, gain] = [make("span", { className: "fill" }), make("b"), make("span", { className: "quiet" })]
    const button = make("button", { type: "button" }, make("span", { textContent: `${at + 1}. ${name}` }), time, make("span", { className: "track" }, fill), gain)
    button.addEventListener("click", () => choose(at))
    return { button, fill, time, gain }
  })
  const list = make("ol", { className: "rungs" }, ...rungs.map(({ button }) => make("li", {}, button)))
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (!step) return
    event.preventDefault()
    choose(Math.min(Math.max(chosen + step, 0), rungs.length - 1))
    rungs[chosen].button.focus()
  })
  const [title, plainly, exactly] = [make("h3"), make("p", { className: "plainly" }), make("p", { className: "plainly for-scientists" })]
  const code = make("pre")
  const explained = make("section", { className: "explained" }, title, plainly, exactly, make("div", { className: "codes for-scientists" }, code))
  const tools = make("div", { className: "tools" }, make("label", { className: "labelled" }, "Times of", machine), measure)
  el.replaceChildren(story, tools, status, problem, make("div", { className: "ladder" }, list, explained))

  let chosen = 0
  let began = null
  let ticking = null
  const choose = (at) => {
    chosen = at
    show()
  }
  const show = () => {
    const figures = model.times.find(([name]) => name === machine.value)?.[1] ?? []
    for (const [at, { button, fill, time, gain }] of rungs.entries()) {
      const [share, text, gained] = figures[at] ?? [0, "", ""]
      button.ariaPressed = String(at === chosen)
      fill.style.transform = `scaleX(${share})`
      time.textContent = text
      gain.textContent = gained
    }
    const [name, words, exact, source] = model.rungs[chosen]
    title.textContent = name
    plainly.textContent = words
    exactly.textContent = exact
    code.replaceChildren(...codeLines(source))
    problem.textContent = model.problem && `${model.problem[0].toUpperCase()}${model.problem.slice(1)}.`
    problem.hidden = !model.problem
  }
  const showMachines = () => {
    machine.replaceChildren(...model.times.map(([name]) => make("option", { value: name, textContent: name })))
    show()
  }
  measure.addEventListener("click", () => {
    measure.disabled = true
    began = performance.now()
    ticking = setInterval(() => {
      status.textContent = `Measuring, ${Math.round((performance.now() - began) / 1000)} s: on a new machine the kernels are compiled first, which takes up to a minute.`
    }, 1000)
    status.textContent = "Measuring: a few seconds."
    model.send_msg("measure")
  })
  model.on("msg:custom", () => {
    clearInterval(ticking)
    measure.disabled = false
    status.textContent = model.problem ? "" : "Measured, medians of seven rounds in turn."
    showMachines()
  })
  machine.addEventListener("change", show)
  model.on("remove", () => clearInterval(ticking))
  showMachines()
}
