import { mathNode } from "./mathml";

const KEPT = new Set(["P", "EM", "STRONG", "CODE", "A", "UL", "OL", "LI", "BR", "SUB", "SUP"]);
// A text that is in another language than the page says so.
const inAnotherLanguage = ({ localName, attributes }: Element): boolean =>
  (localName === "span" || localName === "div") && attributes.getNamedItem("lang") !== null;

/** Nodes of a text that was Markdown: a few plain elements and MathML, and nothing that could run. */
export function richNodes(html: string): DocumentFragment {
  const fragment = document.createDocumentFragment();
  for (const node of new DOMParser().parseFromString(html, "text/html").body.childNodes) fragment.append(cleaned(node));
  return fragment;
}

function cleaned(node: Node): Node {
  if (!(node instanceof Element)) return document.createTextNode(node.textContent ?? "");
  if (node.localName === "math") return mathNode(new XMLSerializer().serializeToString(node));
  const kept = KEPT.has(node.tagName) || inAnotherLanguage(node);
  const element: Element | DocumentFragment = kept
    ? document.createElement(node.tagName)
    : document.createDocumentFragment();
  const language = node.getAttribute("lang");
  if (element instanceof HTMLElement && language) element.lang = language;
  const link = node.getAttribute("href") ?? "";
  if (element instanceof HTMLAnchorElement && isPage(link)) element.href = link;
  for (const child of node.childNodes) element.append(cleaned(child));
  return element;
}

function isPage(link: string): boolean {
  try {
    return ["http:", "https:"].includes(new URL(link, document.baseURI).protocol);
  } catch {
    return false;
  }
}
