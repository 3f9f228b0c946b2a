// The first layer's filters, all in one picture; the chosen unit's is shown large, with the digits that excite it most.

const GAP = 1

export function render({ model, el }) {
  const all = make("canvas", { role: "img" })
  const frame = make("i", { className: "frame" })
  const under = make("i", { className: "frame under" })
  const number = make("input", { type: "number", min: 0, step: 1, placeholder: "none" })
  const clear = make("button", { type: "button", className: "tool", textContent: "Clear" })
  const large = make("canvas", { role: "img", className: "large" })
  const sentence = make("p", { className: "sentence", role: "status" })
  const exciting = make("ul", { className: "digits-grid" })
  const title = make("h3", { textContent: "The digits that excite it most" })
  const label = make("label", { className: "row" }, make("span", { textContent: "Unit" }), number)
  const one = make("div", { className: "unit" }, large, make("div", {}, make("div", { className: "row" }, label, clear), sentence, title, exciting))
  el.replaceChildren(make("div", { className: "layer" }, all, under, frame), one)

  const nColumns = () => Math.min(model.n_units, el.clientWidth && el.clientWidth < 560 ? 16 : 32)
  const tile = () => ({ height: model.shape[0] + GAP, width: model.shape[1] + GAP })
  let columns = 0
  const build = () => {
    columns = nColumns()
    const { width, height } = tile()
    all.width = columns * width - GAP
    all.height = Math.ceil(model.n_units / columns) * height - GAP
    all.ariaLabel = `The weights of all ${model.n_units} units, as pictures`
    const context = all.getContext("2d")
    for (let unit = 0; unit < model.n_units; unit++)
      context.putImageData(picture(model, unit), (unit % columns) * width, Math.floor(unit / columns) * height)
    number.max = model.n_units - 1
    mark()
  }
  const place = (element, unit) => {
    const { width, height } = tile()
    element.hidden = unit === null || unit === undefined
    if (element.hidden) return
    const share = (pixels, total) => `${(100 * pixels) / total}%`
    element.style.left = share((unit % columns) * width, all.width)
    element.style.top = share(Math.floor(unit / columns) * height, all.height)
    element.style.width = share(width - GAP, all.width)
    element.style.height = share(height - GAP, all.height)
  }
  const unitAt = (event) => {
    const box = all.getBoundingClientRect()
    const { width, height } = tile()
    const column = Math.floor((((event.clientX - box.left) / box.width) * all.width) / width)
    const line = Math.floor((((event.clientY - box.top) / box.height) * all.height) / height)
    const unit = line * columns + column
    return column >= 0 && column < columns && unit >= 0 && unit < model.n_units ? unit : null
  }
  const mark = () => {
    const { unit } = model
    place(frame, unit)
    one.classList.toggle("none", unit === null)
    for (const element of [large, clear]) element.hidden = unit === null
    for (const element of [title, exciting]) element.hidden = model.exciting.length === 0
    if (document.activeElement !== number) number.value = unit ?? ""
    sentence.textContent = model.sentence
    exciting.replaceChildren(...model.exciting.map(item))
    if (unit === null) return
    number.value = unit
    large.width = model.shape[1]
    large.height = model.shape[0]
    large.ariaLabel = `The weights of unit ${unit} as a picture`
    large.getContext("2d").putImageData(picture(model, unit), 0, 0)
  }
  const item = ({ row, place, caption, title }) => {
    const button = make("button", { type: "button", title, ariaLabel: `${caption}: ${title}` }, digitAt(place), make("span", { textContent: caption }))
    button.addEventListener("click", () => model.send_msg({ row }))
    return make("li", {}, button)
  }
  all.addEventListener("click", (event) => {
    const unit = unitAt(event)
    if (unit !== null) model.send_msg({ unit })
  })
  all.addEventListener("pointermove", (event) => {
    const unit = unitAt(event)
    place(under, unit)
    all.title = unit === null ? "" : `Unit ${unit}`
  })
  all.addEventListener("pointerleave", () => place(under, null))
  number.addEventListener("change", () => {
    const unit = Number(number.value)
    if (number.value !== "" && number.validity.valid && unit !== model.unit) model.send_msg({ unit })
  })
  clear.addEventListener("click", () => model.send_msg({ unit: model.unit }))
  const resizing = new ResizeObserver(() => el.clientWidth && nColumns() !== columns && build())
  resizing.observe(el)
  model.on("remove", () => resizing.disconnect())
  model.on("weights", build)
  model.on(["unit", "exciting", "sentence"], mark)
  place(under, null)
  build()
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
