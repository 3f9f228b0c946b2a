// A grid of test digits with what the network answered; a click chooses one. Long grids show their first lines until
// they are asked for more.

const AT_FIRST = 30

export function render({ model, el }) {
  const grid = make("ul", { className: "digits-grid" })
  const more = make("button", { type: "button", className: "tool more" })
  const empty = make("p", { className: "quiet" })
  if (model.n_columns) grid.style.setProperty("--columns", model.n_columns)
  grid.classList.toggle("table", model.n_columns > 0)
  el.replaceChildren(empty, grid, more)
  let isWhole = false
  const show = () => {
    const shown = isWhole || model.n_columns ? model.items : model.items.slice(0, AT_FIRST)
    grid.replaceChildren(...shown.map(item))
    more.hidden = shown.length === model.items.length
    more.textContent = `Show all ${model.items.length}`
    empty.textContent = model.items.length ? "" : model.empty
    empty.hidden = model.items.length > 0
    mark()
  }
  const item = ({ row, place, caption, plainly, tag, title }) => {
    const button = make("button", { type: "button", ariaLabel: [caption, plainly, tag, title].filter(Boolean).join(" "), title }, digitAt(place))
    if (caption) button.append(make("span", { textContent: caption, className: plainly ? "for-scientists" : "" }))
    if (plainly) button.append(make("span", { textContent: plainly, className: "for-players" }))
    if (tag) button.append(make("small", { textContent: tag, className: "for-scientists" }))
    button.dataset.row = row
    button.addEventListener("click", () => model.send_msg({ row }))
    return make("li", {}, button)
  }
  const mark = () => {
    for (const button of grid.querySelectorAll("button"))
      button.setAttribute("aria-pressed", Number(button.dataset.row) === model.chosen)
  }
  const showAll = () => {
    isWhole = true
    show()
  }
  addEventListener("beforeprint", showAll) // paper has no buttons
  model.on("remove", () => removeEventListener("beforeprint", showAll))
  more.addEventListener("click", () => {
    showAll()
    grid.children[AT_FIRST]?.firstChild.focus()
  })
  model.on("items", () => {
    isWhole = false
    show()
  })
  model.on("chosen", mark)
  show()
}
