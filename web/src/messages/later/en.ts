/** Texts of what few readers open: they come with it (ui/Later.svelte). */
export const later = {
  formula: {
    label: "Your own activation function, as a formula in z",
    help: "Its derivative, kinks and properties are worked out from it. Try",
    draw: "Draw it",
    use: "Use it",
    into: "for",
    allLayers: "all layers",
    layer: (layer: number) => `layer ${layer}`,
    numberFor: (name: string) => `Number for ${name}`,
    numbers: (names: string[]) =>
      names.length === 1 ? `A picture is of numbers alone: choose one for ${names[0] ?? ""}.` : `A picture is of numbers alone: choose one each for ${names.join(", ")}.`,
    offline:
      "This is a static copy of the page: nothing here can compile a formula. To type your own, install nonlin and run, on your machine,",
    offlineCommand: "nonlin",
  },
  guess: {
    question: (title: string, z: string) => `How steep is ${title} at z = ${z}?`,
    questionHow: "Turn the dashed line by its end, or type a number.",
    guessLabel: "Your slope",
    guessSlider: "Your tangent line",
    guessSliderValue: (slope: string) => `slope ${slope}`,
    reveal: "Reveal",
    again: "Another point",
    leavePredict: "Stop guessing",
    verdictUndefined: "A trick question: there is no slope here.",
    verdict: (kind: "right" | "near" | "far" | "sign", guess: string, truth: string, off: string) => {
      const end = `You said ${guess}; the slope is ${truth}. Off by ${off}.`;
      if (kind === "right") return `Spot on. ${end}`;
      if (kind === "near") return `Close. ${end}`;
      if (kind === "sign") return `The other way: mind whether the curve climbs or falls. ${end}`;
      return `Not yet. ${end}`;
    },
  },
  collapse: {
    spokenW: (w: string[]) => `W prime: first row ${w[0]}, ${w[1]}; second row ${w[2]}, ${w[3]}`,
    spokenB: (b: string[]) => `b prime: ${b[0]}, ${b[1]}`,
    same: (layers: number, apart: string, share: string) =>
      `One layer does the work of ${layers === 1 ? "one" : `all ${layers}`}: its grid, dotted, lies on theirs. The largest difference over all points is ${apart}, which is ${share} of its width: rounding in float32, which carries about seven digits.`,
    cannot: (layer: number, activation: string, line: string, off: string, apart: string) =>
      `It cannot be done: layer ${layer} bends. One layer keeps the middle of a straight line in the middle; after the ${activation} of layer ${layer}, ${line} no longer has it there, and in the output it is ${off} off. The one layer that agrees with the stack at (0, 0), (1, 0) and (0, 1) misses elsewhere by up to ${apart}.`,
    point: (activation: string, span: string, size: string) =>
      `Squashed to a point: what is left of the sheet spans ${span} beside numbers of ${size}. One layer could say that one point, too; but the plane went missing on the way, in the flat parts of ${activation}. Roll other weights, or take fewer layers.`,
    noNumbers: "It cannot be done: on the way some numbers outgrow float32. Take fewer layers, or another function between them.",
    gridLine: (upright: boolean, at: string) => `the marked line ${upright ? "x" : "y"} = ${at}`,
  },
  learn: {
    deep: (layers: number) => (layers === 1 ? "one linear layer" : `${layers} linear layers`),
    hidden: (activation: string) => `one hidden layer of ${activation}`,
    loss: "loss",
    right: (percent: number) => `${percent} % right`,
    noBetter: "no better than a guess",
    linear: "linear",
    steps: (steps: number) => (steps === 1 ? "1 step" : `${steps} steps`),
    learnLabel: (title: string) => `Answers of ${title} over the plane, with the points to be learned`,
    lossLabel: "Loss of both over the steps; a guess has 0.693",
    guess: "a guess: 0.693",
    learning: (steps: number, deep: string, bent: string) =>
      `After ${steps} steps the linear layers are at a loss of ${deep}, the hidden layer at ${bent}. Always answering “one half” has 0.693.`,
    start: "Press Play: both learn from the same points with the same optimizer (Adam).",
    broken: "A loss is no longer a number: the sums have outgrown float32. Another function, or other weights, may do.",
  },
  trouble: {
    troubleTitle: (step: number) => `Step ${step} could not be taken: the numbers would no longer be finite.`,
    what: {
      z: (layer: string) => `The sums of ${layer} overflowed.`,
      a: (layer: string) => `The outputs of ${layer} overflowed.`,
      gradient: (layer: string) => `The gradient of ${layer} overflowed.`,
      weights: (layer: string) => `The step would have given ${layer} weights that are not finite.`,
      moments: () => "The optimizer’s running averages overflowed.",
      loss: () => "The loss of the outputs overflowed.",
      norm: () => "The gradient became too large to have a length.",
    },
    why: {
      lr: (lr: string) =>
        `Most likely the learning rate, ${lr}, is far too large: each step overshoots, the next gradient is larger, and so on.`,
      unbounded: (name: string) => `${name} has no upper limit, so nothing holds the numbers back on their way through the layers.`,
      inputs: (size: string) => `The points reach out to ${size}: with inputs that large, weights overshoot easily.`,
      loss: "Squared error makes it worse: its gradient grows with the error.",
      weights: "The weights had already grown very large.",
    },
    cure: (lr: string) =>
      `The last good weights are kept. Set the learning rate to ${lr} or less and start over.`,
    cureWeights: "The last good weights are kept. Start over, perhaps with another initialisation or a smaller learning rate.",
    setLr: (lr: string) => `Learning rate ${lr}, and start over`,
  },
  points: {
    brush: "Draw",
    eraser: "eraser",
    clear: "Remove all",
    pasteCsv: "Paste CSV",
    csvLabel: "Points as lines of x, y, class",
    csvPlaceholder: "0.5, 1.2, A",
    usePoints: "Use these points",
    openFile: "Open a file…",
    csvRead: (count: number, names: string[]) =>
      `${count} points read; ${names.map((name, index) => `“${name}” is class ${["A", "B", "C"][index] ?? ""}`).join(", ")}.`,
    csv: {
      cells: (line: number, count: number) =>
        `Line ${line} has ${count === 1 ? "1 part" : `${count} parts`}; it takes three: x, y, class, as in 0.5, 1.2, A.`,
      number: (line: number, which: string, text: string) =>
        `Line ${line}: ${which} is ${text === "" ? "empty" : `“${text.slice(0, 30)}”`}, which is no number; a number like −0.5 or 1.2 is wanted.`,
      far: (line: number) => `Line ${line}: the point is further out than a million; scale the numbers down.`,
      noClass: (line: number) => `Line ${line}: the class is missing; any name will do, as in 0.5, 1.2, A.`,
      classes: (count: number, names: string[]) =>
        `There are ${count} classes (${names.join(", ")}${count > names.length ? ", …" : ""}); three are the most.`,
      tooMany: (count: number, most: number) => `There are ${count} points; ${most} are the most. Leave some out.`,
      empty: "There is nothing in it. Each line is a point: x, y, class, as in 0.5, 1.2, A.",
      more: (count: number) => `… and ${count} more like these.`,
    },
    tooLong: (most: number) =>
      `These points would make the link longer than ${most} characters, so the link leaves them out. Save them as CSV to keep or share them.`,
  },
  file: {
    noJson: (reason: string) => `it is no JSON (${reason}).`,
    format: (wanted: string, found: string) =>
      `its format is ${found === "" ? "not given" : `“${found.slice(0, 40)}”`}; a file that was saved here says “${wanted}”.`,
    widths: "“widths” has to be a list of whole numbers, as in [2, 4, 1].",
    shape: (layers: number, units: number) =>
      `“widths” has to go from 2 inputs to 1 or 3 outputs, with at most ${layers} hidden layers of at most ${units} units, as in [2, 4, 1].`,
    layers: (count: number) => `“layers” has to be a list of ${count}, one for each width after the first.`,
    rows: (layer: number, outputs: number, inputs: number) =>
      `the weights of layer ${layer} have to be ${outputs} rows of ${inputs} numbers.`,
    numbers: (name: string, count: number) => `${name} have to be ${count} finite numbers.`,
    weightsOf: (layer: number, unit: number) => `the weights of layer ${layer}, unit ${unit},`,
    biasesOf: (layer: number) => `the biases of layer ${layer}`,
    linearOutput: "the last layer has to be linear: its activation is null.",
    activation: (layer: number, name: string) =>
      `layer ${layer} has the activation “${name.slice(0, 40)}”, which this catalogue has not, or not with these constants.`,
    loaded: (name: string) => `${name}: loaded. “Start over” goes back to the seed’s own weights.`,
    notLoaded: (name: string, reason: string) => `${name} was not loaded: ${reason}`,
    otherClasses: (outputs: number) =>
      `its network has ${outputs === 1 ? "one output, for two classes" : `${outputs} outputs, for ${outputs} classes`}; choose data with as many classes and load it again.`,
  },
  python: {
    pythonWanted: (megabytes: string) =>
      `There is no server behind this page. What checks your lines, Python, is loaded when you begin to type: ${megabytes} MB, once.`,
    pythonLoading: (megabytes: string) => `Loading Python, ${megabytes} MB, once.`,
    pythonProgress: "Python, loaded so far",
    pythonReceived: (received: string, total: string) => `${received} of ${total} MB`,
    pythonStarting: "Starting Python.",
    pythonCancel: "Cancel",
    pythonCancelled: "Python was not loaded; checking once more loads it.",
    pythonFailed: (reason: string) => `Python could not be loaded (${reason}). Checking once more tries again.`,
    needsServer:
      "This page was opened as a file, and there a browser lets nothing check your lines. To do this exercise, open the page from a web server: in its folder run",
    serverCommand: "python -m http.server",
    serverThen: "and go to http://localhost:8000.",
    onlyServed: "this exercise needs a web server, as is said above",
    tookTooLong: "it took too long; try a simpler line",
  },
};

export default later;
