// Choose a picture: drop or choose a file, or click a sample digit. Python hears {name, content} or {sample}.

export function render({ model, el }) {
  const send = async (file) => {
    // One byte above the limit is enough for Python to refuse it, with the same sentence as any other bad file.
    const content = await file.slice(0, model.most_bytes + 1).arrayBuffer()
    model.send_msg({ name: file.name, content })
  }
  el.replaceChildren(dropZone(model.accept, send), sampleStrip(model.samples, (sample) => model.send_msg({ sample })))
}

function dropZone(accept, send) {
  const zone = make("label", { className: "drop" })
  const input = make("input", { type: "file", accept, className: "unseen" })
  input.addEventListener("change", () => {
    if (input.files.length) send(input.files[0])
    input.value = "" // the same file may be chosen again
  })
  const over = (isOver) => (event) => {
    event.preventDefault() // or the browser would open the file instead of the page
    zone.classList.toggle("over", isOver)
  }
  zone.addEventListener("dragover", over(true))
  zone.addEventListener("dragleave", over(false))
  zone.addEventListener("drop", (event) => {
    over(false)(event)
    if (event.dataTransfer.files.length) send(event.dataTransfer.files[0])
  })
  const hint = "or drop one here: a single digit, dark on light or light on dark"
  zone.append(
    input,
    make("span", { className: "button", textContent: "Upload a picture" }),
    make("span", { className: "quiet", textContent: hint }),
  )
  return zone
}

function sampleStrip(pictures, choose) {
  const strip = make("div", { className: "samples" })
  strip.setAttribute("role", "group")
  strip.setAttribute("aria-label", "Sample digits")
  for (const [digit, src] of pictures.entries()) {
    const button = make("button", { type: "button" })
    button.append(make("img", { src, alt: `Sample digit ${digit}` }))
    button.addEventListener("click", () => choose(digit))
    strip.append(button)
  }
  return strip
}

function make(tag, properties) {
  return Object.assign(document.createElement(tag), properties)
}
