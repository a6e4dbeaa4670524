/**
 * Starts a page of an exported site: from a web server with the modules, opened as a file with one classic
 * script and the data as another, because browsers load neither modules nor data from files.
 */
const own = document.currentScript as HTMLScriptElement;
const list = (name: string): string[] => (own.dataset[name] ?? "").split(" ").filter((each) => each !== "");

function add(src: string, type = ""): void {
  const script = document.createElement("script");
  script.type = type;
  script.async = false; // in the order in which they are added
  script.src = src;
  document.head.append(script);
}

/** Has a file fetched now that will be asked for soon. */
function hint(rel: string, href: string, as?: string): void {
  const link = document.createElement("link");
  link.rel = rel;
  link.href = href;
  if (as !== undefined) {
    link.as = as;
    link.crossOrigin = "anonymous";
  }
  document.head.append(link);
}

if (location.protocol === "file:") {
  for (const src of list("file")) add(src);
} else {
  for (const href of list("modules")) hint("modulepreload", href);
  for (const src of list("module")) add(src, "module");
  for (const href of list("fetch")) hint("preload", href, "fetch");
  for (const href of list("fonts")) hint("preload", href, "font");
}

export {};
