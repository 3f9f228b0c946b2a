// What becomes of an answer: it is copied, kept as a file that Python makes, or shared as a link.

const TOLD_FOR = 2500 // ms

// `asked` gives {rows, pixels}, the answer as text and the chosen digit's pixels.
function makeResults(model, asked) {
  const words = make("span", { className: "quiet", role: "status" })
  let hiding = null
  const tell = (text) => {
    words.textContent = text
    clearTimeout(hiding)
    hiding = setTimeout(() => (words.textContent = ""), TOLD_FOR)
  }
  const button = (textContent, title, act, className = "tool") => {
    const element = make("button", { type: "button", textContent, title, className })
    element.addEventListener("click", act)
    return element
  }
  const copyRows = async () => tell((await copied(asked().rows)) ? "Copied" : "This browser does not let pages copy")
  const copyLink = async () => {
    const drawing = { strokes: [] }
    document.dispatchEvent(new CustomEvent("fastnet-asks-drawing", { detail: drawing }))
    const link = linkTo(drawing.strokes, asked().pixels)
    tell((await copied(link)) ? `The link is copied: ${drawing.strokes.length ? "it holds the drawing" : "it holds the digit"}` : "This browser does not let pages copy")
  }
  const keepAs = (kind) => () => model.send_msg({ file: kind })
  const element = make(
    "div",
    { className: "out", role: "group", ariaLabel: "Take the answer along" },
    button("Copy", "Copy the digits, a row for each line", copyRows),
    button("Copy link", "Copy an address that shows this again; the drawing is in it, no server keeps it", copyLink),
    button("CSV", "Save a table with a row for each digit", keepAs("csv"), "tool for-scientists"),
    button("JSON", "Save all figures", keepAs("json"), "tool for-scientists"),
    words,
  )
  model.on("msg:custom", ({ name, kind, content }) => save(name, kind, content))
  return element
}

// Whether the text is in the clipboard now. Pages without TLS are offered the old way alone.
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const field = make("textarea", { value: text })
    document.body.append(field)
    field.select()
    const isDone = document.execCommand("copy")
    field.remove()
    return isDone
  }
}

function save(name, type, content) {
  const url = URL.createObjectURL(new Blob([content], { type }))
  make("a", { href: url, download: name }).click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
