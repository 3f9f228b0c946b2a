// Bring a picture: choose, drop or paste files, or click a sample. Python hears {name, content}, {picture}, {picture, page}
// or {sample}, one message at a time.

export function render({ model, el }) {
  const send = makeQueue(model)
  const sendFiles = (files) => {
    for (const file of files) send(() => readFile(file, model.most_bytes))
  }
  const list = make("ul", { className: "pictures", ariaLabel: "Your pictures" })
  const forgotten = make("p", { className: "quiet forgotten" })
  let nTold = 0 // pictures that had been brought when the last one was refused
  const showList = () => {
    forgotten.hidden = model.n_forgotten === 0
    forgotten.textContent = `${model.n_forgotten} of your pictures left the list: the newest are kept.`
    list.replaceChildren(...model.pictures.map((picture, number) => listItem(picture, number === model.shown, () => send(() => ({ picture: number })))))
    const nBrought = model.pictures.length + model.n_forgotten
    if (!model.pictures[0]?.problem || nBrought === nTold) return
    nTold = nBrought
    list.firstChild.scrollIntoView({ block: "nearest" }) // it may have been dropped elsewhere, where nothing changes
  }
  model.on(["pictures", "shown", "n_forgotten"], showList)
  showList()

  el.replaceChildren(
    uploadRow(sendFiles),
    list,
    forgotten,
    sampleStrip(model.samples, (sample) => send(() => ({ sample }))),
  )
  takeFiles(model, sendFiles)
  const count = () => model.n_forgotten + model.pictures.length // newest first: places move when more are brought
  const turn = ({ detail: page }) => { // asked for below the board
    if (model.shown < 0) return document.dispatchEvent(new Event("fastnet-read"))
    const fromOldest = count() - model.shown
    send(() => ({ picture: count() - fromOldest, page }))
  }
  document.addEventListener("fastnet-page", turn)
  model.on("remove", () => document.removeEventListener("fastnet-page", turn))
}

// Messages wait for their turn, so that a hundred files don't fill the line.
function makeQueue(model) {
  const queue = []
  let isWaiting = false
  const next = async () => {
    if (isWaiting || !queue.length) return
    isWaiting = true
    model.send_msg(await queue.shift()())
  }
  model.on("msg:custom", () => {
    isWaiting = false
    document.dispatchEvent(new Event("fastnet-read"))
    next()
  })
  return (message) => {
    queue.push(message)
    next()
  }
}

// One byte above the limit is enough for Python to refuse it, with the same sentence as any other bad file.
async function readFile(file, most) {
  const sent = await reduced(file)
  return { name: file.name, content: await sent.slice(0, most + 1).arrayBuffer() }
}

function uploadRow(sendFiles) {
  const input = make("input", { type: "file", multiple: true, accept: "image/*,application/pdf,.heic,.heif", className: "unseen" })
  input.addEventListener("change", () => {
    sendFiles([...input.files])
    input.value = "" // the same file may be chosen again
  })
  const button = make("label", { className: "button" }, input, make("span", { textContent: "Upload pictures" }))
  const quiet = make("span", { className: "quiet", textContent: "or drop them here, or paste one" })
  return make("div", { className: "upload" }, button, quiet)
}

// Files that were dropped or pasted anywhere on the page come from the tabs, which have opened this one for them.
function takeFiles(model, sendFiles) {
  const take = (event) => {
    event.preventDefault() // they are taken
    sendFiles(event.detail)
  }
  document.addEventListener("fastnet-files", take)
  model.on("remove", () => document.removeEventListener("fastnet-files", take))
  document.dispatchEvent(new Event("fastnet-takes-files"))
}

function listItem({ name, pages, text, problem, is_unsure: isUnsure }, isShown, choose) {
  if (problem) return make("li", {}, make("p", { className: "problem", role: "alert", textContent: `${problem}.` }))
  const button = make("button", { type: "button", ariaCurrent: String(isShown) })
  button.append(make("span", { textContent: pages ? `${name}, ${pages}` : name }), make("b", { textContent: text, className: isUnsure ? "unsure" : "", title: isUnsure ? "Unsure" : "" }))
  button.addEventListener("click", choose)
  return make("li", {}, button)
}

// Each has its name where there is room for it; beside the heading stands that of the one that is pointed at, or was chosen last.
function sampleStrip(samples, choose) {
  const name = make("span", { className: "name" })
  let chosen = ""
  const tell = (title) => (name.textContent = title && `: ${title.toLowerCase()}`)
  const items = samples.map(({ title, src }, number) => {
    const button = make("button", { type: "button", title }, make("img", { src, alt: `Sample: ${title}` }))
    button.addEventListener("click", () => {
      chosen = title
      choose(number)
    })
    for (const kind of ["pointerenter", "focus"]) button.addEventListener(kind, () => tell(title))
    for (const kind of ["pointerleave", "blur"]) button.addEventListener(kind, () => tell(chosen))
    return make("li", {}, button, make("span", { className: "name", textContent: title, ariaHidden: "true" }))
  })
  const strip = make("ul", { className: "samples", ariaLabel: "Sample pictures" }, ...items)
  return make("div", {}, make("h3", {}, "Samples", name), strip)
}
