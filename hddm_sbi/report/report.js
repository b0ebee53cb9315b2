// Scripts of a page share one scope: names stay in this block.
{
// Charts are redrawn when they come into view: as wide as there is room, with tooltips, and with the rows of choice.
const charts = JSON.parse(document.getElementById("charts").textContent);

// A column is numbers, or labels and the place of each row's among them.
const cell = (column, row) => (Array.isArray(column) ? column[row] : column.labels[column.places[row]]);

const chosen = (rows, choices) => {
  const names = Object.keys(rows), first = rows[names[0]];
  const count = Array.isArray(first) ? first.length : first.places.length;
  const wanted = Object.entries(choices).map(([name, label]) => [rows[name].places, rows[name].labels.indexOf(label)]);
  const kept = [];
  for (let row = 0; row < count; row += 1) {
    if (wanted.every(([places, place]) => places[row] === place)) {
      kept.push(Object.fromEntries(names.map((name) => [name, cell(rows[name], row)])));
    }
  }
  return kept;
};

const selects = (figure, chart) => {
  const names = Object.entries(chart.choices);
  if (!names.length) return [];
  const box = document.createElement("div");
  box.className = "choices";
  const made = names.map(([name, title]) => {
    const label = document.createElement("label"), select = document.createElement("select");
    for (const text of chart.rows[name].labels) select.add(new Option(text === "" ? "-" : text, text));
    select.name = name;
    label.append(`${title}: `, select);
    box.append(label);
    return select;
  });
  figure.prepend(box);
  return made;
};

const draw = async (figure, chart, made) => {
  const place = figure.querySelector(".drawing"), wide = place.clientWidth;
  if (!wide) return;
  figure.dataset.width = wide;
  const choices = () => Object.fromEntries(made.map((select) => [select.name, select.value]));
  const spec = { ...chart.spec, width: wide, datasets: { rows: chosen(chart.rows, choices()) } };
  const canvas = document.createElement("div");
  const { view } = await vegaEmbed(canvas, spec, { actions: false, renderer: "svg", tooltip: { theme: "custom" } });
  place.replaceChildren(canvas);
  for (const select of made) {
    select.onchange = () => view.data("rows", chosen(chart.rows, choices())).runAsync();
  }
  figure.classList.add("drawn");
};

const watch = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting && !target.dataset.width) draw(target, charts[target.id], target.made);
  }
}, { rootMargin: "600px" });
for (const figure of document.querySelectorAll("figure.chart")) {
  figure.made = selects(figure, charts[figure.id]);
  watch.observe(figure);
}

let waiting;
addEventListener("resize", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    for (const figure of document.querySelectorAll("figure.chart.drawn")) {
      const wide = figure.querySelector(".drawing").clientWidth;
      if (Math.abs(wide - figure.dataset.width) > 20) draw(figure, charts[figure.id], figure.made);
    }
  }, 200);
});

// What is folded away is printed, too.
addEventListener("beforeprint", () => document.querySelectorAll("details:not(.screen)").forEach((one) => { one.open = true; }));

for (const text of document.querySelectorAll("pre[data-copied]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = `Copy ${text.dataset.copied}`;
  button.addEventListener("click", async () => {
    const range = document.createRange();
    range.selectNodeContents(text);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    try {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Selected: press Ctrl+C";
    }
  });
  text.before(button);
}
}
