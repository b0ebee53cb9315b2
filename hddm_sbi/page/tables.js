// Scripts of a page share one scope: names stay in this block.
{
// Tables sort by the column whose heading is clicked: numbers as numbers, text as people sort it, empty cells last.
const order = new Intl.Collator(undefined, { numeric: true });
const sortable = (table) => {
  const body = table.tBodies[0];
  const value = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.value === undefined ? cell.textContent : Number.parseFloat(cell.dataset.value);
  };
  table.querySelectorAll("th button").forEach((button, column) => {
    button.addEventListener("click", () => {
      const head = button.parentElement;
      const direction = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      const compare = ([a], [b]) => {
        if (typeof a === "string") return direction * order.compare(a, b);
        if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
        return direction * (a - b);
      };
      const rows = [...body.rows].map((row) => [value(row, column), row]).sort(compare).map(([, row]) => row);
      table.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", direction === 1 ? "ascending" : "descending");
      body.append(...rows);
    });
  });
};

// A box above a table keeps the rows that have all of the words that are typed.
const filterable = (table) => {
  const label = document.createElement("label"), box = document.createElement("input");
  const told = document.createElement("output");
  const rows = [...table.tBodies[0].rows];
  const texts = rows.map((row) => [...row.cells].map((cell) => cell.textContent).join(" ").toLowerCase());
  box.type = "search";
  box.placeholder = "words, such as " + (rows[0]?.cells[0]?.textContent ?? "a name");
  label.className = "filter";
  label.append(`Filter ${table.dataset.filter}: `, box, " ", told);
  box.addEventListener("input", () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    rows.forEach((row, place) => {
      const kept = words.every((word) => texts[place].includes(word));
      row.hidden = !kept;
      count += kept;
    });
    told.textContent = words.length ? `${count} of ${rows.length} rows` : "";
  });
  (table.closest(".wide") ?? table).before(label);
};

document.querySelectorAll("table").forEach(sortable);
document.querySelectorAll("table[data-filter]").forEach(filterable);
}
