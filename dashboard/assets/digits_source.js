// Gives the page the PNG with all pictures of an audit.

export function render({ model, el }) {
  const root = document.documentElement
  let url = null
  const drop = () => url && URL.revokeObjectURL(url)
  const show = () => {
    drop()
    url = URL.createObjectURL(new Blob([model.png], { type: "image/png" }))
    root.style.setProperty("--digits", `url(${url})`)
    root.style.setProperty("--digits-lines", model.n_lines)
  }
  model.on("png", show)
  model.on("remove", drop)
  show()
}
