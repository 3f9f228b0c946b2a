// The chosen digit. Python hears "close".

export function render({ model, el }) {
  const close = make("button", { type: "button", className: "tool", textContent: "Close" })
  const shown = make("div", { className: "chosen" })
  const show = () => {
    shown.innerHTML = model.content
    shown.append(close)
  }
  close.addEventListener("click", () => model.send_msg("close"))
  el.replaceChildren(make("section", { ariaLabel: "The chosen digit" }, shown))
  model.on("content", show)
  show()
}
