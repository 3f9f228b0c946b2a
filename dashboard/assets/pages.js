// The pages of a document, below the board. The gallery hears which one is wanted, as "fastnet-page", and tells with
// "fastnet-read" that it was read, or could not be.

function makePages(model) {
  const button = (textContent, step) => {
    const made = make("button", { type: "button", className: "tool", textContent })
    made.addEventListener("click", () => ask(model.page + step))
    return made
  }
  const [before, next] = [button("Back", -1), button("Next", 1)]
  const number = make("input", { type: "number", min: 1 })
  const total = make("span")
  const bar = make("div", { className: "pages", role: "group", ariaLabel: "The pages of the document" }, before, make("label", {}, "Page ", number, total), next)

  const ask = (page) => {
    if (page === model.page || !(page >= 1 && page <= model.n_pages)) return show()
    for (const control of [before, next, number]) control.disabled = true
    document.dispatchEvent(new CustomEvent("fastnet-page", { detail: page }))
  }
  const show = () => {
    bar.hidden = model.n_pages < 2
    number.value = model.page
    number.max = model.n_pages
    number.disabled = false
    total.textContent = ` of ${model.n_pages}`
    before.disabled = model.page === 1
    next.disabled = model.page === model.n_pages
  }
  number.addEventListener("change", () => ask(Math.round(number.valueAsNumber)))
  model.on(["page", "n_pages"], show)
  document.addEventListener("fastnet-read", show)
  model.on("remove", () => document.removeEventListener("fastnet-read", show))
  show()
  return bar
}
