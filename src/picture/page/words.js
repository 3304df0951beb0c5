// Words come from Rust; here they are chosen by language and their holes are filled.

class Speech {
    /** @param {PageData} data @param {Language} language */
    constructor(data, language) {
        this.data = data;
        this.language = language;
    }

    /** The words on a control, with numbers in its holes. @param {string} name @param {number[]} numbers */
    word(name, ...numbers) {
        return this.data.words[name][this.language].replaceAll("{n}", () => this.number(numbers.shift() ?? 0));
    }

    /** @param {number} value */
    number(value) {
        return value.toLocaleString(this.language === "pt" ? "pt-BR" : "en");
    }

    /** @param {number} nanos */
    duration(nanos) {
        const units = /** @type {[number, string][]} */ ([[1e9, "s"], [1e6, "ms"], [1e3, "µs"]]);
        const [size, unit] = units.find(([size]) => nanos >= size) ?? [1, "ns"];
        return `${this.number(Math.round(nanos / size * 1000) / 1000)} ${unit}`;
    }

    /** @param {number} fate */
    fate(fate) {
        return this.data.fateWords[this.language][fate];
    }

    /** @param {FloodData} flood @param {Sentence} sentence */
    sentence(flood, [number, ...fills]) {
        return this.fill(flood, this.data.sentences[this.language][number], fills);
    }

    /** @param {FloodData} flood @param {string} text @param {(number | string | Words)[]} fills */
    fill(flood, text, fills) {
        const rest = [...fills];
        return text.replaceAll(/\{([stnx])\}/g, (_, hole) => {
            const fill = rest.shift() ?? "";
            if (typeof fill === "object") return fill[this.language];
            if (typeof fill === "string") return fill;
            if (hole === "s") return this.name(flood, fill);
            return hole === "t" ? this.duration(fill) : this.number(fill);
        });
    }

    /** The whole address. @param {FloodData} flood @param {number} role */
    name(flood, role) {
        const name = flood.names[role] ?? "?";
        return flood.pattern?.replace("*", name) ?? name;
    }
}
