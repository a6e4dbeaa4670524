/** Die Texte der Oberfläche auf Deutsch. */
import type { AtOnce } from ".";
import { functions } from "./functions.de";

const ORDERS = ["f(z)", "f′(z)", "f″(z)"] as const;
const schichten = (count: number): string => (count === 1 ? "1 Schicht" : `${count} Schichten`);

const de: AtOnce = {
  functions,
  decimal: ",",
  undefinedValue: "nicht definiert",
  explorer: "Activation Explorer",
  own: "deine Formel",
  failed: (reason) =>
    `Diese Abbildung konnte nicht starten: ${reason}. Der Rest der Seite geht auch ohne sie; vielleicht hilft es, neu zu laden.`,
  exerciseFailed: (reason) => `Diese Aufgabe konnte nicht starten: ${reason}. Vielleicht hilft es, neu zu laden.`,
  noSuchDemo: (name) => `eine Abbildung namens „${name}“ gibt es nicht`,
  toDay: "Zum hellen Design wechseln",
  toNight: "Zum dunklen Design wechseln",

  // Was von einem Link nicht übernommen wurde
  ignoredPart: (part) => `Aus dem Link nicht übernommen: ${part}.`,
  ignoredTrait: (name, value) => `Aus dem Link nicht übernommen: ${name} = ${value}.`,
  ignoredFunction: (name) => `Im Katalog gibt es keine Funktion namens „${name}“.`,
  ignoredTooMany: (name) => `${name} blieb weg: Mehr als fünf Funktionen auf einmal gehen nicht.`,
  dismiss: "Schließen",

  // Funktionen auswählen
  chosenFunctions: "Gezeigte Funktionen",
  focusOn: (title) => `${title} genauer ansehen`,
  remove: (title) => `${title} entfernen`,
  add: (title) => `${title} hinzufügen`,
  searchFunctions: "Eine Funktion aus dem Katalog hinzufügen",
  searchPlaceholder: (count) => `In ${count} Funktionen suchen`,
  catalogue: "Katalog",
  inLesson: "In der Lektion",
  byName: "Alle anderen, nach Namen",
  noneFound: (query) => `Zu „${query}“ passt keine Funktion.`,
  noCurve: (title) => `${title} ist eine Funktion einer ganzen Reihe von Zahlen, nicht einer einzelnen: Sie hat hier keine Kurve.`,
  full: "Mehr als fünf auf einmal gehen nicht. Entferne eine, um eine andere hinzuzufügen.",
  empty: "Hier ist noch nichts. Wähle oben eine Funktion oder tippe eine Formel.",

  // Eine eigene Formel
  typeFormula: "Deine Formel",
  formulaNeedsServer: (formula) =>
    `Im Link steht eine Formel, ${formula}, die nur ein laufendes nonlin übersetzen kann; hier blieb sie weg.`,
  serverUnreachable: "Das Programm hinter dieser Seite antwortet nicht.",

  // Das Bild
  figureLabel: (titles) => (titles.length === 0 ? "Ein leeres Diagramm" : `Kurven von ${titles.join(", ")} und ihre Ableitungen`),
  panelTitle: (order) => ORDERS[order] ?? "",
  panelNote: (order) => ["Wert", "Steigung", "wie schnell sich die Steigung ändert"][order] ?? "",
  hiddenPanel: (order) => (order === 1 ? "die Steigung bleibt verdeckt, bis du geschätzt hast" : "auch verdeckt"),
  slopeLabel: (slope) => `Steigung ${slope}`,
  zSlider: "z, die Eingabe",
  spokenValue: (title, f) => `${title} ${f}`,
  spokenValueAndSlope: (title, f, slope) => `${title} ${f}, Steigung ${slope}`,
  outOfView: (z) => `z = ${z} liegt außerhalb: dorthin gehen`,
  flatLabel: (bound) => `gesättigt: |f′| < ${bound}`,
  conventionLabel: (at, value) => `f′(${at}) = ${value}, per Konvention`,

  // Werkzeuge
  takeAlong: "Zum Mitnehmen",
  tools: "Werkzeuge",
  undo: "Rückgängig",
  redo: "Wiederholen",
  zoomIn: "Vergrößern",
  zoomOut: "Verkleinern",
  resetView: "Ansicht zurücksetzen",
  showSecond: "f″ zeigen",
  copyLink: "Link kopieren",
  saveSvg: "SVG speichern",
  savePng: "PNG speichern",
  linkCopied: "Link kopiert.",
  linkNotCopied: "Der Browser hat es nicht erlaubt: Kopiere stattdessen die Adresse.",
  notSaved: (reason) => `Nicht gespeichert: ${reason}`,

  // Zahlen
  zField: "z, genau eingetippt",
  throughLayers: "durch Schichten:",
  throughColumn: (layers) => `durch ${layers}`,
  layersSlider: "Anzahl der Schichten für die Gradientenanzeige",
  layersValue: schichten,
  readingsCaption: "Jede Funktion bei z: ihr Wert, ihre Steigung und ihre Steigung hoch die Anzahl der Schichten",
  functionColumn: "Funktion",
  meterColumn: "Dasselbe in logarithmischem Maßstab",
  zero: "0",
  sentenceSecret: "Während du schätzt, sind die Steigungen verdeckt.",
  underflow: "weniger als 10^−308",
  sentence: (title, slope, product, layers, d1, value) => {
    const through = layers === 1 ? "einer Schicht" : `${layers} Schichten`;
    if (Number.isNaN(d1)) return `${title} hat hier keine Steigung.`;
    const start = `Hier multipliziert jede Schicht ${title} den Gradienten mit ${slope}`;
    if (d1 === 0) return `${start}: Es kommt nichts durch, so wenige Schichten es auch sind.`;
    const size = Math.abs(value);
    if (d1 === 1) return `${start}: Nach ${through} ist er unverändert.`;
    if (size < 1e-6) return `${start}; nach ${through} bleibt davon ${product}. Er ist verschwunden.`;
    if (size < 0.1) return `${start}; nach ${through} bleibt davon nur ${product}.`;
    if (size <= 1) return `${start}; nach ${through} bleibt davon ${product}.`;
    if (size < 1e6) return `${start}; nach ${through} ist er ${product}-mal so groß.`;
    return `${start}; nach ${through} ist er ${product}-mal so groß. Er ist explodiert.`;
  },

  // Parameter
  parameters: "Parameter",
  parameterSlider: (title, name) => `${title}: ${name}`,
  parameterNumber: (title, name) => `${title}: ${name}, genau eingetippt`,

  // Schätzen
  predict: "Steigung schätzen",
  hiddenValue: "verdeckt, bis du geschätzt hast",

  // Was man weiß
  notesLabel: (title) => `Über ${title}`,
  kink: (at, derivative, goesOn) =>
    `Bei z = ${at} ist ein Knick und keine Steigung. Per Konvention gilt f′(${at}) = ${derivative}${goesOn ? ": " : "."}`,
  properties: "Eigenschaften, jede mit ihrem Beleg",
  property: {
    range: "Wertebereich",
    limits: "Grenzwerte bei −∞ und ∞",
    zero_centred: "Um null zentriert",
    symmetry: "Symmetrie",
    saturates: "Sättigt",
    monotone: "Monoton",
    convex: "Konvex",
    smooth: "Glatt",
    max_slope: "Größte Steigung",
    lipschitz: "Lipschitz-Konstante",
    fixed_points: "Fixpunkte",
    dead_region: "Tote Zone",
    domain: "Definitionsbereich",
  },
  values: {
    yes: "ja",
    no: "nein",
    none: "keine",
    unknown: "unbekannt",
    odd: "ungerade",
    even: "gerade",
    hard: "hart",
    "both sides": "beidseitig",
    "left side only": "nur links",
    "right side only": "nur rechts",
    "increasing, strictly": "streng steigend",
    "increasing, not strictly": "steigend, nicht streng",
    "decreasing, strictly": "streng fallend",
    "decreasing, not strictly": "fallend, nicht streng",
    constant: "konstant",
    neither: "weder konvex noch konkav",
    convex: "konvex",
    concave: "konkav",
    affine: "affin",
    "jumps at": "Sprung bei",
    "kink at": "Knick bei",
    "breaks at": "bricht bei",
    "every z": "jedes z",
    "sums to 1": "Summe 1",
    and: "und",
    more: "weitere",
    "perhaps more": "vielleicht noch mehr",
    "infinitely many": "unendlich viele",
  },

  // Was die Abbildungen gemeinsam haben
  reset: "Von vorn",
  oneStep: "Ein Schritt",
  play: "Start",
  pause: "Pause",
  exactly: (label) => `${label}, genau eingetippt`,
  between: (least, most, whole) => `${whole ? "eine ganze Zahl " : ""}von ${least} bis ${most}`,
  askSkip: "Zeig es mir einfach",
  engineFailed: (reason) => `Die Rechenmaschine für Netze konnte nicht starten: ${reason}.`,
};

export default de;
