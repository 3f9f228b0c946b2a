// What is known of the digits: a folded form of four fields. Python hears {known: {digits, pattern, range, check}}.

export function render({ model, el }) {
  const fields = {
    digits: make("input", { type: "text", inputMode: "numeric", placeholder: "6", maxLength: 3 }),
    pattern: make("input", { type: "text", placeholder: "##-####", maxLength: 100 }),
    range: make("input", { type: "text", placeholder: "0-9999", maxLength: 100 }),
    check: make("select", {}, ...["", ...model.checks].map((name) => new Option(name || "none", name))),
  }
  const titles = { digits: "How many digits", pattern: "Pattern (# is any digit)", range: "From - to", check: "Check digit" }
  const problem = make("p", { className: "problem", role: "alert" })
  const form = make("form", { className: "fields" })
  for (const [name, field] of Object.entries(fields)) form.append(make("label", {}, make("span", { textContent: titles[name] }), field))
  const summary = make("summary", { textContent: "What is known of the digits" })
  el.replaceChildren(make("details", { className: "known" }, summary, form, problem))

  const tell = () => {
    const known = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.value.trim()]))
    summary.classList.toggle("given", Object.values(known).some(Boolean))
    model.send_msg({ known })
  }
  form.addEventListener("change", tell)
  form.addEventListener("submit", (event) => event.preventDefault()) // Enter changes the field, which tells
  const showProblem = () => {
    problem.textContent = model.problem
    problem.hidden = !model.problem
  }
  model.on("problem", showProblem)
  showProblem()
}
