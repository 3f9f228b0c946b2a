// Code, line by line: what does not fit goes on below, farther in than its line.

function codeLines(text) {
  return text.split("\n").map((line) => {
    const made = make("span", { className: "line", textContent: line || " " })
    made.style.setProperty("--indent", line.search(/\S|$/))
    return made
  })
}
