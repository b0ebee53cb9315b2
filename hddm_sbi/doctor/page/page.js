// Tables sort by the column whose heading is clicked: numbers as numbers, text as people sort it, empty cells last.
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  const value = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.value === undefined ? cell.textContent : Number.parseFloat(cell.dataset.value);
  };
  table.querySelectorAll("th button").forEach((button, column) => {
    button.addEventListener("click", () => {
      const head = button.parentElement;
      const direction = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      const compare = (first, second) => {
        const a = value(first, column), b = value(second, column);
        if (typeof a === "string") return direction * a.localeCompare(b, undefined, { numeric: true });
        if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
        return direction * (a - b);
      };
      const rows = [...body.rows].sort(compare);
      table.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", direction === 1 ? "ascending" : "descending");
      body.append(...rows);
    });
  });
}
