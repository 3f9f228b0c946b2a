// Links to the cards beside this view; on a narrow page they are a strip that scrolls.

export function render({ model, el }) {
  const place = el.getRootNode().host.parentNode // all cards are in it
  const jump = (area) => {
    const card = place.querySelector(`.card-${area}`) // absent until it was built
    if (!card) return
    card.tabIndex = -1 // the keyboard goes on from there
    card.focus({ preventScroll: true })
    card.scrollIntoView({ block: "start", behavior: isStill.matches ? "instant" : "smooth" })
  }
  const item = (area, title, className) => {
    const button = make("button", { type: "button", textContent: title })
    button.addEventListener("click", () => jump(area))
    return make("li", { className }, button)
  }
  const items = model.sections.flatMap(([area, title, playfully]) => [
    item(area, title, "for-scientists"),
    ...(playfully ? [item(area, playfully.split(":")[0], "for-players")] : []),
  ])
  el.replaceChildren(make("nav", { ariaLabel: "Sections of the audit" }, make("ul", {}, ...items)))
}
