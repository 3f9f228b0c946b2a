// Report and pictures to keep: Python makes the file that is asked for, and sends it here.

const KINDS = { html: "text/html", png: "image/png" }

export function render({ model, el }) {
  const choice = make("select", {}, ...model.names.map((name) => make("option", { value: name, textContent: name })))
  const button = make("button", { type: "button", className: "tool", textContent: "Download" })
  const words = make("span", { className: "quiet", role: "status" })
  const label = make("label", { className: "row" }, make("span", { textContent: "Report and pictures" }), choice)
  el.replaceChildren(make("div", { className: "row" }, label, button, words))
  button.addEventListener("click", () => {
    button.disabled = true
    words.textContent = "is being made …"
    model.send_msg({ name: choice.value })
  })
  model.on("msg:custom", () => {
    button.disabled = false
    words.textContent = model.problem
    if (!model.problem) keep(model.name_of_file, model.content)
  })
}

function keep(name, content) {
  const url = URL.createObjectURL(new Blob([content], { type: KINDS[name.split(".").at(-1)] }))
  const link = make("a", { href: url, download: name })
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
