// The page's script where it draws nothing: the cursor of time, and words.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import vm from "node:vm";

const files = ["time.js", "words.js"].map((name) => readFileSync(new URL(`../../../src/picture/page/${name}`, import.meta.url), "utf8"));
const { Timeline, Progress, Speech, eventsOf } = vm.runInThisContext(`"use strict"; ${files.join("")}; ({ Timeline, Progress, Speech, eventsOf })`);

/** 0 asks 1 and 2; 1 passes it to 2, which has it already, and to 3, where it is lost. */
const flood = {
    title: { en: "http", pt: "http" },
    span: 1000,
    names: ["6001", "6002", "6003", "6004"],
    pattern: "127.0.0.1:*",
    spots: [0, 1, 2, 3],
    states: [0, 1, 0, 4],
    reached: [0, 100, 150, -1],
    stories: [],
    copies: [0, 1, 3, 10, 90, 0, 0, 2, 3, 10, 140, 0, 1, 2, 2, 110, 90, 1, 1, 3, 2, 110, -1, 3],
    answers: [0, 5, 300, 2, 160, 840],
    shared: [],
};

test("events are in the order of time", () => {
    const times = eventsOf(flood).map((event) => event.at);
    assert.deepEqual(times, [...times].sort((one, other) => one - other));
    assert.equal(times.length, 4 + 4 + 3 + 4);
});

test("a moment is the same from before and from behind", () => {
    const forth = new Timeline(flood), back = new Timeline(flood);
    for (let at = 0; at <= flood.span; at += 7) {
        forth.seek(at);
        back.seek(flood.span);
        back.seek(at);
        assert.deepEqual(back.progress.counts, forth.progress.counts, `at ${at}`);
        assert.deepEqual([...back.progress.copies], [...forth.progress.copies], `at ${at}`);
    }
    assert.deepEqual(forth.progress.counts, { reached: 3, sent: 4, duplicates: 1, lost: 1, answers: 2 });
});

test("steps go through every moment and back again", () => {
    const time = new Timeline(flood);
    const moments = [...new Set(eventsOf(flood).map((event) => event.at))].filter((at) => at > 0);
    const forth = moments.map(() => (time.next(), time.at));
    assert.deepEqual(forth, moments);
    const back = moments.map(() => (time.back(), time.at));
    assert.deepEqual(back, [0, ...moments.slice(0, -1)].reverse());
    time.back();
    assert.equal(time.at, 0);
});

test("events that come from elsewhere are applied one by one", () => {
    const progress = new Progress(flood);
    progress.apply({ kind: "sent", index: 3, at: 1 });
    assert.deepEqual([...progress.copies], [3]);
    progress.apply({ kind: "ended", index: 3, at: 1 });
    assert.equal(progress.counts.lost, 1);
    assert.equal(progress.look().news.length, 2);
    assert.equal(progress.look().news.length, 0);
});

test("words are filled in both languages, and text stays text", () => {
    const data = {
        sentences: { en: ["from {s} at {t}, {n} times: {x}"], pt: ["de {s} em {t}, {n} vezes: {x}"] },
        words: { of: { en: "of {n}", pt: "de {n}" } },
    };
    const english = new Speech(data, "en"), portuguese = new Speech(data, "pt");
    const sentence = [0, 1, 1_500, 12_345, { en: "<b>{n}</b>", pt: "$&" }];
    assert.equal(english.sentence(flood, sentence), "from 127.0.0.1:6002 at 1.5 µs, 12,345 times: <b>{n}</b>");
    assert.equal(portuguese.sentence(flood, sentence), "de 127.0.0.1:6002 em 1,5 µs, 12.345 vezes: $&");
    assert.equal(english.word("of", 7), "of 7");
    assert.equal(english.name({ names: ["10.0.0.1:7"], pattern: null }, 0), "10.0.0.1:7");
});

test("durations have the unit that suits them", () => {
    const speech = new Speech({}, "en");
    const shown = [0, 999, 1_000, 2_345_678, 4_000_000_000].map((nanos) => speech.duration(nanos));
    assert.deepEqual(shown, ["0 ns", "999 ns", "1 µs", "2.346 ms", "4 s"]);
});
