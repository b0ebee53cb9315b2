# Design matrices of R and of lme4, which tests/design/test_against_r.py compares ours with: makes model_matrices.json.
#
#     Rscript tests/reference/model_matrices.R > tests/reference/model_matrices.json
#
# Each entry has our formula, R's where it is written otherwise, and the columns. "spans" marks those of which only the
# space spanned is compared, since R has more columns than rank (a:b beside an intercept) or another basis (splines).
suppressMessages({ library(lme4); library(splines) })
options(contrasts = c("contr.treatment", "contr.treatment"))

i <- 0:47
data <- data.frame(
  subject = paste0("s", 1 + i %/% 8), group = ifelse(i < 24, "control", "patient"), id = 1 + (i %/% 8) %% 3,
  item = paste0("i", 1 + i %% 4), a = c("l", "r")[1 + i %% 2], b = c("u", "v", "w")[1 + (i %/% 2) %% 3],
  c = c("off", "on")[1 + (i %/% 6) %% 2], d = 1 + (i %/% 3) %% 3, o = c("mid", "high")[1 + (i %/% 5) %% 2],
  flag = (i %/% 7) %% 2 == 0, x = round(2 * sin(1.7 * i), 2), y = round(2 + cos(0.9 * i), 2),
  z = round(sin(0.3 * i^2), 2), rt = 0.5 + round(0.2 * cos(i)^2, 3), response = (i * i) %% 5 %% 2
)
frame <- data
for (name in c("subject", "group", "item", "a", "b", "c")) frame[[name]] <- factor(frame[[name]], unique(sort(frame[[name]])))
frame$id <- factor(frame$id)
frame$o <- droplevels(factor(frame$o, c("low", "mid", "high"), ordered = TRUE))

standard <- "I((x - mean(x)) / sqrt(mean((x - mean(x))^2)))"  # R's scale divides by n - 1
population <- list(
  c("1"), c("x"), c("0 + x"), c("a"), c("a - 1"), c("0 + b"), c("0 + a + b"), c("a + x"), c("a*x"), c("0 + a*x"),
  c("a:x"), c("0 + a:x"), c("x + a:x"), c("a/x"), c("a*b"), c("0 + a:b"), c("a + a:b"), c("b + a:b"), c("a/b"),
  c("a/b/c"), c("(a + b)/x"), c("(a + b + c)^2"), c("a*b*c"), c("a*b*c - a:b:c"), c("a*b*x"), c("x*z"), c("x:z + a"),
  c("x*z*a"), c("a:x + b:x"), c("x + I(x**2)", "x + I(x^2)"), c("np.log(y)*a", "log(y)*a"), c("I(x / 2 + z):b", "I(x / 2 + z):b"),
  c("poly(x, 2)"), c("poly(x, 3)*a"), c("poly(x, 2):b"), c("scale(x)*a", paste0(standard, "*a")),
  c("center(x)", "scale(x, scale = FALSE)"), c("C(b, Treatment('v'))", "relevel(b, 'v')"),
  c("a*C(b, Treatment('w'))", "a*relevel(b, 'w')"), c("C(b, Sum)", "C(b, contr.sum)"),
  c("a*C(b, Sum)", "a*C(b, contr.sum)"), c("S(b):x + x", "C(b, contr.sum):x + x"), c("C(d)*a", "factor(d)*a"),
  c("C(d, Treatment(2)) + x", "relevel(factor(d), '2') + x"), c("I(x > 0) + a", "as.numeric(x > 0) + a"),
  c("flag*a"), c("o"), c("0 + o:a"), c("a + offset(x)"), c("offset(np.log(y) / 2) + a:x", "offset(log(y) / 2) + a:x"),
  c("a:b", "", "spans"), c("C(a):C(b)", "a:b", "spans"), c("a:b:c", "", "spans"), c("a:b + b:c", "", "spans"),
  c("bs(x, df=4)", "", "spans"), c("bs(x, df=4)*a", "", "spans"), c("bs(x, df=5, degree=2)", "", "spans")
)
brackets <- list(
  c("(1 | subject)"), c("(x | subject)"), c("(x || subject)"), c("(0 + x | subject)"), c("(x - 1 | subject)"),
  c("(0 + a | subject)"), c("(a | subject)"), c("(a*x | subject)"), c("(0 + a:b | subject)"), c("(a/x | subject)"),
  c("(1 | subject) + (0 + a | subject)"), c("(1 | subject) + (0 + x | subject)"), c("(1 | subject) + (1 | item)"),
  c("(a | subject) + (x | item)"), c("(1 | group/id)"), c("(x | group/id)"), c("(1 | group:id)"), c("(1 | id:group)"),
  c("(0 + b | group:id) + (1 | item)"), c("(1 | subject:item)"), c("(b + x | item)"), c("(poly(x, 2) | subject)"),
  c("(scale(x) | subject)", paste0("(", standard, " | subject)")), c("(C(b, Sum) | item)", "(C(b, contr.sum) | item)"),
  c("(np.log(y) | subject) + (0 + z || item)", "(log(y) | subject) + (0 + z || item)")
)

text <- function(x) paste0('"', gsub('"', '\\\\"', x), '"')
numbers <- function(x) paste0("[", paste(format(x, digits = 15, trim = TRUE, scientific = FALSE, drop0trailing = TRUE), collapse = ","), "]")
number_columns <- function(m) paste0("[", paste(apply(m, 2, function(x) paste0("[", paste(sapply(x, function(v) format(v, digits = 15)), collapse = ","), "]")), collapse = ","), "]")
values <- function(x) if (is.numeric(x)) numbers(x) else if (is.logical(x)) paste0("[", paste(tolower(x), collapse = ","), "]") else paste0("[", paste(text(x), collapse = ","), "]")

written <- function(pair) if (length(pair) > 1 && nzchar(pair[2])) pair[2] else pair[1]
of_population <- function(pair) {
  formula <- as.formula(paste("~", written(pair)))
  matrix <- model.matrix(formula, frame)
  offset <- model.offset(model.frame(formula, frame))
  paste0(
    "{\"formula\": ", text(pair[1]), ", \"r\": ", text(written(pair)), ", \"names\": ", values(colnames(matrix)),
    if (length(pair) > 2) ", \"spans\": true", if (!is.null(offset)) paste0(", \"offset\": ", number_columns(cbind(offset))),
    ",\n  \"columns\": ", number_columns(matrix), "}"
  )
}
of_bracket <- function(pair) {
  made <- suppressWarnings(lFormula(as.formula(paste("rt ~", written(pair))), frame, control = lmerControl(
    check.nobs.vs.nRE = "ignore", check.nobs.vs.nlev = "ignore", check.nobs.vs.rankZ = "ignore")))$reTrms
  parts <- sapply(seq_along(made$cnms), function(k) {
    factor <- made$flist[[attr(made$flist, "assign")[k]]]
    block <- as.matrix(made$Zt[(made$Gp[k] + 1):made$Gp[k + 1], , drop = FALSE])
    n <- length(made$cnms[[k]])
    rows <- t(sapply(seq_along(factor), function(r) block[(as.integer(factor)[r] - 1) * n + seq_len(n), r]))
    if (n == 1) rows <- t(rows)
    stopifnot(isTRUE(all.equal(sum(abs(rows)), sum(abs(block)))))  # there is nothing outside a row's own group
    paste0(
      "{\"factor\": ", text(names(made$cnms)[k]), ", \"names\": ", values(made$cnms[[k]]), ", \"groups\": ",
      values(as.character(factor)), ",\n    \"columns\": ", number_columns(rows), "}"
    )
  })
  paste0("{\"formula\": ", text(pair[1]), ", \"r\": ", text(written(pair)), ", \"brackets\": [\n   ", paste(parts, collapse = ",\n   "), "]}")
}

cat("{\"origin\": ", text(paste0(R.version.string, ", lme4 ", packageVersion("lme4"), ", tests/reference/model_matrices.R")), ",\n", sep = "")
cat("\"data\": {\n ", paste(sapply(names(data), function(name) paste0(text(name), ": ", values(data[[name]]))), collapse = ",\n "), "},\n", sep = "")
cat("\"population\": [\n ", paste(sapply(population, of_population), collapse = ",\n "), "],\n", sep = "")
cat("\"brackets\": [\n ", paste(sapply(brackets, of_bracket), collapse = ",\n "), "]}\n", sep = "")
