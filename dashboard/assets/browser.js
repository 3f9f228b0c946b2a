// What the page shares with its browser: the address, whose steps are in the history, and the colours.

export function render({ model, el }) {
  model.on("search", () => {
    if (model.search !== window.location.search) history.pushState({}, "", model.search || window.location.pathname)
  })
  const follow = () => (model.search = window.location.search)
  window.addEventListener("popstate", follow)

  const colours = new MutationObserver(tellColours)
  model.on("after_layout", () => {
    const page = pageAround(el)
    if (page) colours.observe(page, { attributeFilter: ["class"] })
  })
  model.on("remove", () => {
    window.removeEventListener("popstate", follow)
    colours.disconnect()
  })
}

const pageAround = (el) => el.getRootNode().host?.closest(".mui-light, .mui-dark")

// What is built later starts in the colours that this attribute names, not in those that the page started in.
function tellColours([{ target }]) {
  document.documentElement.dataset.theme = target.classList.contains("mui-dark") ? "dark" : "light"
}
