// The confusion matrix as a table of buttons: the arrow keys go from cell to cell, a click chooses one or lets it go.

export function render({ model, el }) {
  let asShares = false
  let cells = []
  const table = make("div", { className: "matrix", role: "grid", ariaLabel: "Confusion matrix: rows are true digits, columns answers" })
  const shares = make("button", { type: "button", className: "tool", textContent: "Shares" })
  const clear = make("button", { type: "button", className: "tool", textContent: "Clear" })
  const sentence = make("p", { className: "sentence", role: "status" })
  const pairs = make("div", { className: "row pairs", role: "group", ariaLabel: "Most confused" })
  const axes = [make("span", { className: "axis across", textContent: "answered" }), make("span", { className: "axis down", textContent: "true" })]
  el.replaceChildren(
    make("div", { className: "framed" }, ...axes, table),
    make("div", { className: "row" }, sentence, shares, clear),
    pairs,
  )

  const build = () => {
    const { counts } = model
    const digits = counts.map((_, digit) => digit)
    const most = Math.max(1, ...counts.flatMap((row, at) => row.filter((_, other) => other !== at)))
    const head = make("div", { role: "row" }, corner(), ...digits.map((digit) => header(digit, "columnheader")))
    cells = counts.map((row, at) => row.map((n, other) => cell(n, at, other, most, row.reduce((sum, each) => sum + each))))
    const rows = cells.map((row, at) => make("div", { role: "row" }, header(at, "rowheader"), ...row))
    table.style.setProperty("--n", counts.length)
    table.replaceChildren(head, ...rows)
    pairs.replaceChildren(...model.pairs.map(pair))
    mark()
  }
  const corner = () => make("span", { role: "columnheader" }, make("span", { className: "for-readers", textContent: "true, down; answered, across" }))
  const header = (textContent, role) => make("span", { textContent, role, className: "name" })
  const cell = (n, at, other, most, total) => {
    const isRight = at === other
    const share = total ? n / total : 0
    const button = make("button", { type: "button", role: "gridcell", className: isRight ? "right" : "wrong", tabIndex: -1 })
    button.textContent = n === 0 ? "" : asShares ? percent(share) : n.toLocaleString("en")
    button.title = `${n.toLocaleString("en")} of ${total.toLocaleString("en")} (${(100 * share).toFixed(2)}%) that are ${at} were read as ${other}`
    button.ariaLabel = button.title.includes(button.textContent) ? button.title : `${button.textContent}: ${button.title}`
    button.style.setProperty("--heat", isRight ? share : n ? 0.12 + 0.88 * Math.sqrt(n / most) : 0)
    button.addEventListener("click", () => model.send_msg({ true: at, predicted: other }))
    button.addEventListener("keydown", (event) => move(event, at, other))
    return button
  }
  const pair = ({ true: at, predicted, n }) => {
    const button = make("button", { type: "button", className: "tool", textContent: `${at} → ${predicted} (${n})` })
    button.addEventListener("click", () => model.send_msg({ true: at, predicted }))
    return button
  }
  const percent = (share) => (share >= 0.9995 ? "100" : share >= 0.0995 ? (100 * share).toFixed(0) : (100 * share).toFixed(1))
  const move = (event, at, other) => {
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key]
    const target = steps && cells[at + steps[0]]?.[other + steps[1]]
    if (!target) return
    event.preventDefault()
    for (const each of cells.flat()) each.tabIndex = -1
    target.tabIndex = 0
    target.focus()
  }
  const mark = () => {
    const [at, other] = model.chosen ?? []
    for (const each of cells.flat()) {
      each.ariaSelected = "false"
      each.tabIndex = -1
    }
    const chosen = cells[at]?.[other]
    if (chosen) chosen.ariaSelected = "true"
    ;(chosen ?? cells[0][0]).tabIndex = 0
    sentence.textContent = chosen ? `${chosen.title}.` : "Choose a cell to see its digits and where they lie."
    clear.hidden = !chosen
  }
  shares.setAttribute("aria-pressed", false)
  shares.title = "Show percentages of each row instead of counts"
  shares.addEventListener("click", () => {
    asShares = !asShares
    shares.setAttribute("aria-pressed", asShares)
    build()
  })
  clear.addEventListener("click", () => model.chosen && model.send_msg({ true: model.chosen[0], predicted: model.chosen[1] }))
  model.on("counts", build)
  model.on("chosen", mark)
  build()
}
