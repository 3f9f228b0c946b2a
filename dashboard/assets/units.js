// The first layer's filters in two pictures: those of the units that answer, and those of the dead ones. The chosen
// unit's is shown large, with the digits that excite it most.

const GAP = 1
const MOST_COLUMNS = 32
const FEWER_COLUMNS = 16 // on a narrow page

export function render({ model, el }) {
  const isDead = new Set(model.dead)
  const all = Array.from({ length: model.n_units }, (_, unit) => unit)
  const choose = (unit) => model.send_msg({ unit })
  const living = makeTiles(model, all.filter((unit) => !isDead.has(unit)), "units", choose)
  const dead = makeTiles(model, model.dead, "dead units", choose)
  const apart = make("p", { className: "caption", textContent: `${model.dead.length} dead units: they answer to none of the test digits.` })
  const number = make("input", { type: "number", min: 0, max: model.n_units - 1, step: 1, placeholder: "none" })
  const clear = make("button", { type: "button", className: "tool", textContent: "Clear" })
  const large = make("canvas", { role: "img", className: "large", width: model.shape[1], height: model.shape[0] })
  const sentence = make("p", { className: "sentence", role: "status" })
  const exciting = make("ul", { className: "digits-grid" })
  const title = make("h3", { textContent: "The digits that excite it most" })
  const label = make("label", { className: "row" }, make("span", { textContent: "Unit" }), number)
  const one = make("div", { className: "unit" }, large, make("div", {}, make("div", { className: "row" }, label, clear), sentence, title, exciting))
  el.replaceChildren(living.element, ...(model.dead.length ? [apart, dead.element] : []), one)

  const nColumns = () => Math.min(model.n_units, el.clientWidth && el.clientWidth < 560 ? FEWER_COLUMNS : MOST_COLUMNS)
  let columns = 0
  const build = () => {
    columns = nColumns()
    for (const tiles of [living, dead]) tiles.build(columns)
    mark()
  }
  const mark = () => {
    const { unit } = model
    for (const tiles of [living, dead]) tiles.mark(unit)
    one.classList.toggle("none", unit === null)
    for (const element of [large, clear]) element.hidden = unit === null
    for (const element of [title, exciting]) element.hidden = model.exciting.length === 0
    if (document.activeElement !== number || unit !== null) number.value = unit ?? ""
    sentence.textContent = model.sentence
    exciting.replaceChildren(...model.exciting.map(item))
    if (unit === null) return
    large.ariaLabel = `The weights of unit ${unit} as a picture`
    large.getContext("2d").putImageData(picture(model, unit), 0, 0)
  }
  const item = ({ row, place, caption, title }) => {
    const button = make("button", { type: "button", title, ariaLabel: `${caption}: ${title}` }, digitAt(place), make("span", { textContent: caption }))
    button.addEventListener("click", () => model.send_msg({ row }))
    return make("li", {}, button)
  }
  number.addEventListener("change", () => {
    const unit = Number(number.value)
    if (number.value !== "" && number.validity.valid && unit !== model.unit) choose(unit)
  })
  clear.addEventListener("click", () => choose(model.unit))
  const resizing = new ResizeObserver(() => el.clientWidth && nColumns() !== columns && build())
  resizing.observe(el)
  model.on("remove", () => resizing.disconnect())
  model.on(["unit", "exciting", "sentence"], mark)
  build()
}

// The filters of some units in one picture; frames show the chosen one, and the one under the pointer.
function makeTiles(model, units, name, choose) {
  const canvas = make("canvas", { role: "img", ariaLabel: `The weights of ${units.length} ${name}, as pictures` })
  const frame = make("i", { className: "frame" })
  const under = make("i", { className: "frame under" })
  const [height, width] = model.shape.map((side) => side + GAP)
  let columns = 1
  const build = (most) => {
    columns = most
    canvas.width = columns * width - GAP
    canvas.height = Math.max(1, Math.ceil(units.length / columns)) * height - GAP
    const context = canvas.getContext("2d")
    for (const [at, unit] of units.entries())
      context.putImageData(picture(model, unit), (at % columns) * width, Math.floor(at / columns) * height)
  }
  const place = (element, at) => {
    element.hidden = at < 0
    if (element.hidden) return
    const share = (pixels, total) => `${(100 * pixels) / total}%`
    element.style.left = share((at % columns) * width, canvas.width)
    element.style.top = share(Math.floor(at / columns) * height, canvas.height)
    element.style.width = share(width - GAP, canvas.width)
    element.style.height = share(height - GAP, canvas.height)
  }
  const placeOf = (event) => {
    const box = canvas.getBoundingClientRect()
    const column = Math.floor((((event.clientX - box.left) / box.width) * canvas.width) / width)
    const line = Math.floor((((event.clientY - box.top) / box.height) * canvas.height) / height)
    const at = line * columns + column
    return column >= 0 && column < columns && at >= 0 && at < units.length ? at : -1
  }
  canvas.addEventListener("click", (event) => {
    const at = placeOf(event)
    if (at >= 0) choose(units[at])
  })
  canvas.addEventListener("pointermove", (event) => {
    const at = placeOf(event)
    place(under, at)
    canvas.title = at < 0 ? "" : `Unit ${units[at]}`
  })
  canvas.addEventListener("pointerleave", () => place(under, -1))
  place(under, -1)
  return { element: make("div", { className: "layer" }, canvas, under, frame), build, mark: (unit) => place(frame, units.indexOf(unit)) }
}

// One unit's weights, from -127 to 127, over the page's own ground.
function picture({ weights, shape }, unit) {
  const [height, width] = shape
  const n = height * width
  const signed = new Int8Array(weights, unit * n, n)
  const image = new ImageData(width, height)
  signed.forEach((weight, at) => image.data.set([...colourOf(weight), 2 * Math.abs(weight)], 4 * at))
  return image
}
