/** Texte dessen, was nur wenige öffnen, auf Deutsch. */
import type { Messages } from "..";

const schritte = (count: number): string => (count === 1 ? "1 Schritt" : `${count.toLocaleString("de")} Schritte`);
const schritten = (count: number): string => (count === 1 ? "1 Schritt" : `${count.toLocaleString("de")} Schritten`);

const later: Messages["later"] = {
  formula: {
    label: "Deine eigene Aktivierungsfunktion, als Formel in z",
    help: "Ableitung, Knicke und Eigenschaften ergeben sich daraus. Versuch es mit",
    draw: "Zeichnen",
    use: "Verwenden",
    into: "für",
    allLayers: "alle Schichten",
    layer: (layer) => `Schicht ${layer}`,
    numberFor: (name) => `Zahl für ${name}`,
    numbers: (names) =>
      names.length === 1 ? `Ein Bild ist aus lauter Zahlen: Wähle eine für ${names[0] ?? ""}.` : `Ein Bild ist aus lauter Zahlen: Wähle je eine für ${names.join(", ")}.`,
    offline:
      "Dies ist eine statische Kopie der Seite: Hier kann niemand eine Formel übersetzen. Um eigene zu tippen, installiere nonlin und starte auf deinem Rechner",
    offlineCommand: "nonlin",
  },
  guess: {
    question: (title, z) => `Wie steil ist ${title} bei z = ${z}?`,
    questionHow: "Dreh die gestrichelte Linie an ihrem Ende oder tippe eine Zahl.",
    guessLabel: "Deine Steigung",
    guessSlider: "Deine Tangente",
    guessSliderValue: (slope) => `Steigung ${slope}`,
    reveal: "Aufdecken",
    again: "Eine andere Stelle",
    leavePredict: "Nicht mehr schätzen",
    verdictUndefined: "Eine Fangfrage: Hier gibt es keine Steigung.",
    verdict: (kind, guess, truth, off) => {
      const end = `Du sagst ${guess}; die Steigung ist ${truth}. Daneben um ${off}.`;
      if (kind === "right") return `Genau getroffen. ${end}`;
      if (kind === "near") return `Nah dran. ${end}`;
      if (kind === "sign") return `Andersherum: Achte darauf, ob die Kurve steigt oder fällt. ${end}`;
      return `Noch nicht. ${end}`;
    },
  },
  collapse: {
    spokenW: (w) => `W Strich: erste Zeile ${w[0]}; ${w[1]}; zweite Zeile ${w[2]}; ${w[3]}`,
    spokenB: (b) => `b Strich: ${b[0]}; ${b[1]}`,
    same: (layers, apart, share) =>
      `Eine Schicht tut die Arbeit von ${layers === 1 ? "einer" : `allen ${layers}`}: Ihr Gitter, gepunktet, liegt auf dem anderen. Der größte Unterschied über alle Punkte ist ${apart}, das sind ${share} ihrer Breite: Rundung in float32, das etwa sieben Stellen trägt.`,
    cannot: (layer, activation, line, off, apart) =>
      `Es geht nicht: Schicht ${layer} biegt. Eine einzelne Schicht lässt die Mitte einer Strecke in der Mitte; nach ${activation} in Schicht ${layer} hat ${line} sie nicht mehr dort, und in der Ausgabe liegt sie um ${off} daneben. Die eine Schicht, die mit dem Stapel bei (0; 0), (1; 0) und (0; 1) übereinstimmt, verfehlt ihn anderswo um bis zu ${apart}.`,
    point: (activation, span, size) =>
      `Zu einem Punkt zerdrückt: Was vom Blatt übrig ist, misst ${span} neben Zahlen von ${size}. Einen Punkt könnte auch eine einzelne Schicht sagen; aber die Ebene ist unterwegs verloren gegangen, in den flachen Teilen von ${activation}. Würfle andere Gewichte oder nimm weniger Schichten.`,
    noNumbers: "Es geht nicht: Unterwegs werden Zahlen zu groß für float32. Nimm weniger Schichten oder eine andere Funktion dazwischen.",
    gridLine: (upright, at) => `die markierte Linie ${upright ? "x" : "y"} = ${at}`,
  },
  learn: {
    deep: (layers) => (layers === 1 ? "eine lineare Schicht" : `${layers} lineare Schichten`),
    hidden: (activation) => `eine verborgene Schicht mit ${activation}`,
    loss: "Verlust",
    right: (percent) => `${percent} % richtig`,
    noBetter: "nicht besser als geraten",
    linear: "linear",
    steps: schritte,
    learnLabel: (title) => `Antworten über der Ebene: ${title}; dazu die Punkte, die zu lernen sind`,
    lossLabel: "Verlust beider über die Schritte; Raten hat 0,693",
    guess: "Raten: 0,693",
    learning: (steps, deep, bent) =>
      `Nach ${schritten(steps)} sind die linearen Schichten bei einem Verlust von ${deep}, die verborgene Schicht bei ${bent}. Wer immer „ein halb“ antwortet, hat 0,693.`,
    start: "Drück auf Start: Beide lernen mit demselben Verfahren (Adam) aus denselben Punkten.",
    broken: "Ein Verlust ist keine Zahl mehr: Die Summen sind zu groß für float32. Eine andere Funktion oder andere Gewichte können helfen.",
  },
  trouble: {
    troubleTitle: (step) => `Schritt ${step} ging nicht: Die Zahlen wären nicht mehr endlich.`,
    what: {
      z: (layer) => `Summen sind übergelaufen (${layer}).`,
      a: (layer) => `Ausgaben sind übergelaufen (${layer}).`,
      gradient: (layer) => `Der Gradient ist übergelaufen (${layer}).`,
      weights: (layer) => `Der Schritt hätte Gewichte ergeben, die nicht endlich sind (${layer}).`,
      moments: () => "Die gleitenden Mittel des Optimierers sind übergelaufen.",
      loss: () => "Der Verlust der Ausgaben ist übergelaufen.",
      norm: () => "Der Gradient wurde zu groß, um eine Länge zu haben.",
    },
    why: {
      lr: (lr) =>
        `Sehr wahrscheinlich ist die Lernrate, ${lr}, viel zu groß: Jeder Schritt schießt über das Ziel hinaus, der nächste Gradient ist größer, und so weiter.`,
      unbounded: (name) => `${name} hat keine obere Grenze, also hält nichts die Zahlen auf ihrem Weg durch die Schichten auf.`,
      inputs: (size) => `Die Punkte reichen bis ${size}: Bei so großen Eingaben schießen Gewichte leicht über das Ziel hinaus.`,
      loss: "Der quadratische Fehler macht es schlimmer: Sein Gradient wächst mit dem Fehler.",
      weights: "Die Gewichte waren schon sehr groß geworden.",
    },
    cure: (lr) => `Die letzten guten Gewichte bleiben. Stell die Lernrate auf ${lr} oder weniger, und fang von vorn an.`,
    cureWeights: "Die letzten guten Gewichte bleiben. Fang von vorn an, vielleicht mit anderen Anfangsgewichten oder einer kleineren Lernrate.",
    setLr: (lr) => `Lernrate ${lr}, und von vorn`,
  },
  points: {
    brush: "Zeichnen",
    eraser: "Radierer",
    clear: "Alle entfernen",
    pasteCsv: "CSV einfügen",
    csvLabel: "Punkte als Zeilen mit x, y, Klasse",
    csvPlaceholder: "0.5, 1.2, A",
    usePoints: "Diese Punkte nehmen",
    openFile: "Datei öffnen …",
    csvRead: (count, names) =>
      `${count === 1 ? "1 Punkt" : `${count} Punkte`} gelesen; ${names.map((name, index) => `„${name}“ ist Klasse ${["A", "B", "C"][index] ?? ""}`).join(", ")}.`,
    csv: {
      cells: (line, count) =>
        `Zeile ${line} hat ${count === 1 ? "1 Teil" : `${count} Teile`}; nötig sind drei: x, y, Klasse, wie in 0.5, 1.2, A.`,
      number: (line, which, text) =>
        `Zeile ${line}: ${which} ist ${text === "" ? "leer" : `„${text.slice(0, 30)}“`} und damit keine Zahl; gesucht ist eine wie −0.5 oder 1.2.`,
      far: (line) => `Zeile ${line}: Der Punkt liegt weiter draußen als eine Million; mach die Zahlen kleiner.`,
      noClass: (line) => `Zeile ${line}: Die Klasse fehlt; jeder Name ist recht, wie in 0.5, 1.2, A.`,
      classes: (count, names) =>
        `Es sind ${count} Klassen (${names.join(", ")}${count > names.length ? ", …" : ""}); mehr als drei gehen nicht.`,
      tooMany: (count, most) => `Es sind ${count} Punkte; mehr als ${most} gehen nicht. Lass einige weg.`,
      empty: "Es steht nichts darin. Jede Zeile ist ein Punkt: x, y, Klasse, wie in 0.5, 1.2, A.",
      more: (count) => `… und ${count} weitere von dieser Art.`,
    },
    tooLong: (most) =>
      `Mit diesen Punkten wäre der Link länger als ${most} Zeichen, deshalb lässt er sie weg. Speichere sie als CSV, um sie zu behalten oder weiterzugeben.`,
  },
  file: {
    noJson: (reason) => `es ist kein JSON (${reason}).`,
    format: (wanted, found) =>
      `sein Format ist ${found === "" ? "nicht angegeben" : `„${found.slice(0, 40)}“`}; in einer Datei von hier steht „${wanted}“.`,
    widths: "„widths“ muss eine Liste ganzer Zahlen sein, wie [2, 4, 1].",
    shape: (layers, units) =>
      `„widths“ muss von 2 Eingaben zu 1 oder 3 Ausgaben führen, mit höchstens ${layers} verborgenen Schichten zu höchstens ${units} Einheiten, wie [2, 4, 1].`,
    layers: (count) => `„layers“ muss eine Liste mit ${count} Einträgen sein, einem für jede Breite nach der ersten.`,
    rows: (layer, outputs, inputs) => `die Gewichte von Schicht ${layer} müssen ${outputs} Zeilen zu ${inputs} Zahlen sein.`,
    numbers: (name, count) => `${name} müssen ${count} endliche Zahlen sein.`,
    weightsOf: (layer, unit) => `die Gewichte von Schicht ${layer}, Einheit ${unit},`,
    biasesOf: (layer) => `die Biases von Schicht ${layer}`,
    linearOutput: "die letzte Schicht muss linear sein: ihre Aktivierung ist null.",
    activation: (layer, name) =>
      `Schicht ${layer} hat die Aktivierung „${name.slice(0, 40)}“, die dieser Katalog nicht hat, oder nicht mit diesen Konstanten.`,
    loaded: (name) => `${name}: geladen. „Von vorn“ geht zu den Gewichten des Startwerts zurück.`,
    notLoaded: (name, reason) => `${name} wurde nicht geladen: ${reason}`,
    otherClasses: (outputs) =>
      `sein Netz hat ${outputs === 1 ? "eine Ausgabe, für zwei Klassen" : `${outputs} Ausgaben, für ${outputs} Klassen`}; wähle Daten mit ebenso vielen Klassen, und lade es noch einmal.`,
  },
  python: {
    pythonWanted: (megabytes) =>
      `Hinter dieser Seite steht kein Server. Was deine Zeilen prüft, Python, wird geladen, sobald du zu tippen beginnst: ${megabytes} MB, einmal.`,
    pythonLoading: (megabytes) => `Python wird geladen, ${megabytes} MB, einmal.`,
    pythonProgress: "Python, bisher geladen",
    pythonReceived: (received, total) => `${received} von ${total} MB`,
    pythonStarting: "Python startet.",
    pythonCancel: "Abbrechen",
    pythonCancelled: "Python wurde nicht geladen; noch einmal prüfen lädt es.",
    pythonFailed: (reason) => `Python ließ sich nicht laden (${reason}). Noch einmal prüfen versucht es wieder.`,
    needsServer:
      "Diese Seite ist als Datei geöffnet, und da lässt ein Browser nichts zu, was deine Zeilen prüfen könnte. Öffne sie für diese Aufgabe von einem Webserver: Starte in ihrem Ordner",
    serverCommand: "python -m http.server",
    serverThen: "und geh zu http://localhost:8000.",
    onlyServed: "diese Aufgabe braucht einen Webserver, wie oben beschrieben",
    tookTooLong: "es hat zu lange gedauert; versuch es mit einer einfacheren Zeile",
  },
};

export default later;
