"""What the structures cost, from micro.csv."""

import matplotlib.pyplot as plt

from charts.style import COLOURS, decimal, rows, save, spread

OPERATIONS = {
    "decode/clireq": "decodificar CLIREQ",
    "decode/query": "decodificar QUERY",
    "encode_query": "escrever QUERY",
    "seen_new_1e3": "vistas: nova, entre mil",
    "seen_batch of 64 new_1e3": "vistas: lote de 64, por pergunta, entre mil",
    "seen_duplicate_1e3": "vistas: repetida, entre mil",
    "seen_new_1e6": "vistas: nova, entre um milhão",
    "seen_batch of 64 new_1e6": "vistas: lote de 64, por pergunta, entre um milhão",
    "seen_duplicate_1e6": "vistas: repetida, entre um milhão",
    "store_hit_1e3": "dicionário: acha, entre mil",
    "store_miss_1e3": "dicionário: não acha, entre mil",
    "store_hit_1e6": "dicionário: acha, entre um milhão",
    "store_miss_1e6": "dicionário: não acha, entre um milhão",
    "limiter_private": "limitador: rede privada",
    "limiter_one network; allowed": "limitador: uma rede",
    "limiter_65536 networks": "limitador: 65.536 redes",
}
# Those that are of many questions at once.
BATCHES = {name: 64 for name in OPERATIONS if "batch of 64" in name}


def costs(folder):
    """A bar an operation."""
    found = {row["name"]: row for row in rows("micro.csv")}
    # Criterion's 95 % interval of the median, once there is one.
    triples = [
        [float(found[name].get(of) or found[name]["value"]) / BATCHES.get(name, 1) for of in ("value", "low", "high")]
        for name in OPERATIONS
    ]
    values, error = spread(triples)
    figure, axes = plt.subplots(figsize=(6.2, 2.95))
    axes.barh(list(OPERATIONS.values()), values, xerr=error, color=COLOURS[0], height=0.62, ecolor=COLOURS[1])
    for place, (value, _, high) in enumerate(triples):
        axes.text(high + 4, place, decimal(value), va="center", fontsize=7.5)
    axes.set_xlim(0, 1.1 * max(high for *_, high in triples))
    axes.invert_yaxis()
    axes.set_xlabel("ns por operação")
    axes.grid(axis="y", visible=False)
    axes.tick_params(labelsize=7.5)
    save(figure, folder, "custos")
