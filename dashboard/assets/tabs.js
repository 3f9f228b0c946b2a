// Tabs as WAI-ARIA has them: arrow keys move along the list, one tab stop for all. A view stays as it was left.

export function render({ model, el }) {
  const places = model.get_child("panels")
  const tabs = model.names.map(([key, title]) => {
    const tab = make("button", { type: "button", id: `tab-${key}`, role: "tab", textContent: title })
    tab.setAttribute("aria-controls", `panel-${key}`)
    tab.addEventListener("click", () => (model.chosen = key))
    return tab
  })
  const panels = model.names.map(([key], at) => {
    const wait = make("p", { className: "wait", role: "status", textContent: "Loading…" })
    const panel = make("div", { id: `panel-${key}`, role: "tabpanel" }, wait, places[at])
    panel.setAttribute("aria-labelledby", `tab-${key}`)
    new ResizeObserver(([{ contentRect }]) => (wait.hidden = contentRect.height > 0)).observe(places[at])
    return panel
  })
  const list = make("div", { className: "tab-list", role: "tablist", ariaLabel: "What to do with the network" }, ...tabs)
  list.addEventListener("keydown", (event) => {
    const here = tabs.findIndex((tab) => tab.ariaSelected === "true")
    const steps = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: -1 }
    if (!(event.key in steps)) return
    event.preventDefault()
    const next = tabs.at(steps[event.key] % tabs.length)
    next.focus()
    next.click()
  })
  el.replaceChildren(list, ...panels)

  const show = () =>
    model.names.forEach(([key, title], at) => {
      const isChosen = key === model.chosen
      tabs[at].ariaSelected = String(isChosen)
      tabs[at].tabIndex = isChosen ? 0 : -1
      panels[at].hidden = !isChosen
      if (isChosen) document.title = `${title} · fastnet`
      if (isChosen) requestAnimationFrame(() => bringIntoSight(tabs[at], list))
    })
  model.on("chosen", show)
  show()
  takeFiles(model)
}

// On a phone the list is wider than the page. Only the list is scrolled, not the page.
function bringIntoSight(tab, list) {
  const [it, all] = [tab.getBoundingClientRect(), list.getBoundingClientRect()]
  list.scrollLeft += Math.max(0, it.right - all.right) - Math.max(0, all.left - it.left)
}

// The whole page takes what is dropped or pasted: the browser would open the file instead of the page otherwise. The first
// tab shows it, once it is there.
function takeFiles(model) {
  let waiting = []
  const offer = () => {
    if (!waiting.length) return
    const isUntaken = document.dispatchEvent(new CustomEvent("fastnet-files", { detail: waiting, cancelable: true }))
    if (!isUntaken) waiting = []
  }
  const bring = (files) => {
    if (!files?.length) return
    waiting.push(...files)
    model.chosen = model.names[0][0]
    offer()
  }
  const listeners = {
    dragover: (event) => event.preventDefault(),
    drop: (event) => {
      event.preventDefault()
      bring(event.dataTransfer.files)
    },
    paste: (event) => bring(event.clipboardData.files),
    "fastnet-takes-files": offer,
  }
  for (const [name, listener] of Object.entries(listeners)) document.addEventListener(name, listener)
  model.on("remove", () => {
    for (const [name, listener] of Object.entries(listeners)) document.removeEventListener(name, listener)
  })
}
