"""Whose prefix each row gets, whoever calls the model: threads, tasks, generators, handles."""

import asyncio
import contextvars
import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, contextmanager
from threading import Event, Thread

import pytest
import torch
from families import build, enable_checkpointing, inputs_for, output_of, shake

import prefix_lab as pl
from prefix_lab.scopes import blocks_of
from prefix_lab.selection import Attachment, attached, refuse_row_selection

NAMES = ("polite", "terse", None)


@pytest.fixture
def model():
    model = build("gpt2")
    one = pl.attach(model, length=3)
    pl.detach(model)
    pl.attach(model, {"polite": shake(one, seed=2), "terse": shake(pl.Prefix(one.config), seed=3)})
    with torch.no_grad():
        yield model


@pytest.fixture
def lone():
    """A model with a single prefix, which needs no choice: here a lost selection would be silent."""
    model = build("gpt2")
    shake(pl.attach(model, length=3))
    with torch.no_grad():
        yield model


INPUTS = {"input_ids": torch.tensor([[5, 6, 7, 8]])}


def expected(model, *names) -> dict:
    found = {}
    for name in names:
        with pl.select(model, name):
            found[name] = output_of(model, INPUTS)
    return found


def which(model, known: dict):
    """The name whose logits the model gives now."""
    return named(output_of(model, INPUTS), known)


def named(logits, known: dict):
    (name,) = [name for name, theirs in known.items() if torch.equal(logits, theirs)]
    return name


@pytest.fixture
def known(model):
    return expected(model, *NAMES)


@pytest.fixture
def known_lone(lone):
    return expected(lone, "prefix", None)


# --- handles


def test_a_handle_makes_the_choice_for_its_own_call_alone(model, known):
    polite, terse = pl.select(model, "polite"), pl.select(model, "terse")
    assert named(polite(**INPUTS).logits, known) == "polite"
    assert polite.run(which, model, known) == "polite"
    with terse:
        assert named(polite(**INPUTS).logits, known) == "polite"
        assert which(model, known) == "terse"
        assert torch.equal(polite.generate(**INPUTS, max_new_tokens=3), polite.generate(**INPUTS, max_new_tokens=3))
    with pytest.raises(ValueError, match="none is selected"):
        output_of(model, INPUTS)


def test_a_handle_can_be_entered_again_inside_itself(model, known):
    polite = pl.select(model, "polite")
    with polite:
        with polite, pl.select(model, "terse"):
            assert which(model, known) == "terse"
        assert which(model, known) == "polite"
        assert polite.run(lambda: polite.run(which, model, known)) == "polite"
    with pytest.raises(ValueError, match="none is selected"):
        output_of(model, INPUTS)


def test_a_handle_keeps_its_choice_in_a_new_thread(model, known):
    found = {}
    with pl.select(model, "terse"):
        thread = Thread(
            target=lambda handle: found.update(name=handle.run(which, model, known)), args=[pl.select(model, "polite")]
        )
        thread.start()
        thread.join()
    assert found == {"name": "polite"}


def test_one_handle_serves_many_threads(model, known):
    handles = [pl.select(model, NAMES[i % 3]) for i in range(3)]
    with ThreadPoolExecutor(3) as pool:
        futures = [pool.submit(handles[i % 3].run, torch.no_grad()(which), model, known) for i in range(30)]
        assert [future.result() for future in futures] == [NAMES[i % 3] for i in range(30)]


def test_a_handle_gathers_the_rows_prefixes_once_for_a_text_and_again_for_the_next(model, monkeypatch):
    gathered, gather = [], Attachment._gathered
    monkeypatch.setattr(Attachment, "_gathered", lambda *args: gathered.append(args[2]) or gather(*args))
    ids, handle = torch.tensor([[5, 6, 7], [8, 9, 5]]), pl.select(model, ["polite", "terse"])
    settings = {"max_new_tokens": 6, "do_sample": False, "pad_token_id": 0}
    first = handle.generate(ids, **settings)
    assert len(gathered) == len(set(gathered)) > 0, "at each site once"
    prefix = attached(model).prefixes[0]
    for parameter in prefix.parameters():
        parameter.data.add_(5.0)  # which no version counter notices
    second = handle.generate(ids, **settings)
    assert len(gathered) == 2 * len(set(gathered)), "and again, since a prefix may have changed in between"
    assert torch.equal(first[1], second[1])
    with pl.select(model, "polite"):
        assert torch.equal(second[:1], model.generate(ids[:1], **settings)), "the changed prefix is the one that writes"


def test_a_handle_leads_a_generator_while_it_runs(lone, known_lone):
    def names():
        for _ in range(2):
            yield which(lone, known_lone)

    found = []
    for name in pl.select(lone, None).run(names):
        found += [name, which(lone, known_lone)]
    assert found == [None, "prefix", None, "prefix"]


def test_a_handle_leads_a_coroutine_and_an_async_generator(lone, known_lone):
    async def one():
        await asyncio.sleep(0)
        return which(lone, known_lone)

    async def several():
        for _ in range(2):
            await asyncio.sleep(0)
            yield which(lone, known_lone)

    async def main():
        bare, found = pl.select(lone, None), []
        found.append(await bare.run(one))
        async for name in bare.run(several):
            found += [name, which(lone, known_lone)]
        return found

    assert asyncio.run(main()) == [None, None, "prefix", None, "prefix"]


def test_blocks_may_be_left_in_the_order_in_which_they_were_entered(model):
    outer, inner = pl.select(model, "polite"), pl.select(model, "terse")
    outer.__enter__()
    inner.__enter__()
    outer.__exit__()
    assert model.attached_prefixes.rows() == ("terse",)
    inner.__exit__()
    with pytest.raises(ValueError, match="none is selected"):
        model.attached_prefixes.rows()


def test_a_handle_says_what_it_chooses(model):
    assert repr(pl.select(model, None)) == f"select({type(model).__name__}, None)"


def test_a_handle_outlives_an_exception(model, known):
    polite = pl.select(model, "polite")
    with pytest.raises(ZeroDivisionError):
        polite.run(lambda: 1 / 0)
    with pytest.raises(ValueError, match="none is selected"):
        output_of(model, INPUTS)
    assert polite.run(which, model, known) == "polite"


def test_a_handle_whose_prefix_was_taken_off_is_refused(model):
    polite = pl.select(model, "polite")
    pl.detach(model, "polite")
    with pytest.raises(ValueError, match="names must be among terse or None.*got 'polite'"):
        polite(**INPUTS)


# --- threads


def run_in_thread(function):
    result = []

    def work():
        try:
            with torch.no_grad():
                result.append(function())
        except Exception as error:
            result.append(error)

    thread = Thread(target=work)
    thread.start()
    thread.join()
    return result[0]


def test_a_thread_started_inside_select_is_refused(lone, known_lone):
    with pl.select(lone, None):
        error = run_in_thread(lambda: which(lone, known_lone))
        assert isinstance(error, ValueError)
        assert "select(model, None)" in str(error)
        assert "started after" in str(error)
    assert run_in_thread(lambda: which(lone, known_lone)) == "prefix"


def test_a_thread_that_was_there_before_keeps_its_own(lone, known_lone):
    begin, found = Event(), []

    def work():
        begin.wait()
        with torch.no_grad():
            found.append(which(lone, known_lone))

    thread = Thread(target=work)
    thread.start()
    with pl.select(lone, None):
        begin.set()
        thread.join()
    assert found == ["prefix"]


def test_a_copied_context_carries_the_selection(lone, known_lone):
    with pl.select(lone, None):
        context = contextvars.copy_context()
        assert run_in_thread(lambda: context.run(which, lone, known_lone)) is None
    assert context.run(which, lone, known_lone) is None
    assert which(lone, known_lone) == "prefix"


# --- asyncio


def test_two_coroutines_select_for_themselves(model, known):
    async def work(name):
        found = []
        with pl.select(model, name):
            for _ in range(3):
                await asyncio.sleep(0)
                found.append(which(model, known))
                found.append(await asyncio.to_thread(torch.no_grad()(which), model, known))
        return found

    async def main():
        return await asyncio.gather(work("polite"), work("terse"), work(None))

    assert asyncio.run(main()) == [[name] * 6 for name in NAMES]


def test_an_async_generator_keeps_its_selection_to_itself(lone, known_lone):
    async def names():
        with pl.select(lone, None):
            for _ in range(2):
                await asyncio.sleep(0)
                yield which(lone, known_lone)
                yield await asyncio.to_thread(torch.no_grad()(which), lone, known_lone)

    async def main():
        found = []
        async for name in names():
            found.append(name)
            found.append(which(lone, known_lone))
            found.append(await asyncio.to_thread(torch.no_grad()(which), lone, known_lone))
        return found

    assert asyncio.run(main()) == [None, "prefix", "prefix"] * 4


# --- generators


def test_a_generator_keeps_its_selection_to_itself(lone, known_lone):
    def names():
        with pl.select(lone, None):
            for _ in range(2):
                yield which(lone, known_lone)

    found = []
    for name in names():
        found += [name, which(lone, known_lone)]
    assert found == [None, "prefix", None, "prefix"]


def test_generators_that_take_turns_do_not_disturb_each_other(model, known):
    def names(name):
        with pl.select(model, name):
            for _ in range(3):
                yield which(model, known)

    with pl.select(model, None):
        turns = list(zip(names("polite"), names("terse"), names(None)))
        assert turns == [("polite", "terse", None)] * 3
        assert which(model, known) is None
    first, second = names("polite"), names("terse")
    next(first), next(second)
    first.close()
    assert next(second) == "terse"
    second.close()
    assert blocks_of(attached(model)) == ()


def test_a_generator_goes_on_with_its_own_inside_another_block(model, known):
    def outer():
        with pl.select(model, "polite"):
            yield from inner()

    def inner():
        yield which(model, known)
        with pl.select(model, "terse"):
            yield which(model, known)
        yield which(model, known)

    generator, found = outer(), []
    for name in NAMES:
        with pl.select(model, name):
            found.append(next(generator))
            assert which(model, known) == name
    assert found == ["polite", "terse", "polite"]


def test_a_generator_keeps_its_selection_when_each_step_has_another_context(lone, known_lone):
    def names():
        with pl.select(lone, None):
            for _ in range(3):
                yield which(lone, known_lone)

    generator = names()  # as a web server does: every step in a thread of a pool, in a context of its own
    with ThreadPoolExecutor(2) as pool:
        step = torch.no_grad()(lambda: next(generator, "end"))
        assert [pool.submit(contextvars.copy_context().run, step).result() for _ in range(4)] == [None] * 3 + ["end"]
    assert which(lone, known_lone) == "prefix"


def test_generators_of_one_handle_each_leave_their_own_block(lone, known_lone):
    handle = pl.select(lone, None)

    def names(steps):
        with handle:
            for _ in range(steps):
                yield which(lone, known_lone)

    def step(generator):
        return contextvars.copy_context().run(lambda: next(generator, "end"))

    short, long = names(1), names(3)
    assert [step(one) for one in (short, long, short)] == [None, None, "end"]
    assert [step(long) for _ in range(3)] == [None, None, "end"]
    assert which(lone, known_lone) == "prefix"


def test_a_generator_that_is_abandoned_leaves_nothing(lone, known_lone):
    def names():
        with pl.select(lone, None):
            yield which(lone, known_lone)

    generator = names()
    next(generator)
    del generator
    assert which(lone, known_lone) == "prefix"


def test_a_context_manager_made_of_select_stays_in_force(lone, known_lone):
    @contextmanager
    def bare():
        with pl.select(lone, None):
            yield

    @contextmanager
    def twice():
        with bare():
            yield

    def names():
        with twice():
            yield which(lone, known_lone)

    with bare():
        assert which(lone, known_lone) is None
    with twice():
        assert which(lone, known_lone) is None
    assert which(lone, known_lone) == "prefix"
    for name in names():
        assert (name, which(lone, known_lone)) == (None, "prefix")
    with ExitStack() as stack:
        stack.enter_context(bare())
        stack.enter_context(pl.select(lone, "prefix"))
        assert which(lone, known_lone) == "prefix"


def test_an_async_context_manager_made_of_select_stays_in_force(lone, known_lone):
    @asynccontextmanager
    async def bare():
        with pl.select(lone, None):
            await asyncio.sleep(0)
            yield

    async def main():
        async with bare():
            await asyncio.sleep(0)
            return which(lone, known_lone)

    assert asyncio.run(main()) is None
    assert which(lone, known_lone) == "prefix"


@pytest.fixture
def bare(lone):
    with pl.select(lone, None):
        yield lone


def test_a_fixture_made_of_select_stays_in_force(bare, known_lone):
    assert which(bare, known_lone) is None


# --- rows


@pytest.mark.parametrize("rows", [["polite"], ["polite", "terse"], ["polite", None, "terse"]])
def test_a_list_must_name_each_row_of_a_forward_pass(model, rows):
    batch = {"input_ids": torch.randint(3, 90, (2 * len(rows), 4))}
    with pl.select(model, rows), pytest.raises(ValueError, match=f"names {len(rows)} rows, but the batch has"):
        output_of(model, batch)


@pytest.mark.parametrize(
    "settings",
    [
        {"num_beams": 3},
        {"num_beams": 3, "num_return_sequences": 2},
        {"do_sample": True, "num_return_sequences": 2, "top_k": 1},
        {"num_beams": 2, "num_return_sequences": 1, "do_sample": True, "top_k": 1},
    ],
)
def test_generate_may_repeat_the_rows(model, settings):
    ids = inputs_for(model, batch=3)["input_ids"]
    settings |= {"max_new_tokens": 4, "pad_token_id": 0}
    together = pl.select(model, ["terse", None, "polite"]).generate(ids, **settings)
    alone = [pl.select(model, n).generate(ids[i : i + 1], **settings) for i, n in enumerate(["terse", None, "polite"])]
    assert torch.equal(together, torch.cat(alone))


def test_contrastive_search_repeats_each_row_for_its_candidates(model):
    ids = inputs_for(model, batch=2)["input_ids"]
    found = []

    def search(model, input_ids, **_):
        found.append(model(input_ids.repeat_interleave(3, dim=0)).logits)
        return input_ids

    pair = pl.select(model, ["terse", None])
    pair.generate(ids, custom_generate=search, penalty_alpha=0.6, top_k=3, max_new_tokens=1)
    for row, name in enumerate(["terse", None]):
        torch.testing.assert_close(found[0][3 * row], pl.select(model, name)(ids[row : row + 1]).logits[0])
    with pytest.raises(ValueError, match="names 2 rows, but the batch has 6"):
        pair.generate(ids, custom_generate=search, top_k=3, max_new_tokens=1)


def test_several_texts_a_row_share_the_rows_prefix():
    import transformers as tf
    from families import SIZES

    model = tf.BertForMultipleChoice(tf.BertConfig(**SIZES)).eval()
    one = shake(pl.attach(model, length=3))
    pl.detach(model)
    pl.attach(model, {"polite": one, "terse": shake(pl.Prefix(one.config), seed=5)})
    ids = torch.randint(3, 90, (2, 3, 5))
    with torch.no_grad():
        together = pl.select(model, ["polite", "terse"])(ids).logits
        alone = [pl.select(model, name)(ids[i : i + 1]).logits for i, name in enumerate(["polite", "terse"])]
    torch.testing.assert_close(together, torch.cat(alone), atol=1e-5, rtol=1e-4)


def test_what_reorders_rows_can_refuse_a_selection_for_each(model):
    refuse_row_selection(model)
    with pl.select(model, "polite"):
        refuse_row_selection(model)
    with pl.select(model, ["polite", None]), pytest.raises(ValueError, match=r"each row \(polite, None\)"):
        refuse_row_selection(model)
    refuse_row_selection(build("gpt2"))


# --- compiling, copying


def test_a_model_is_compiled_whole_at_once_after_attach(known_lone):
    torch._dynamo.reset()
    model = build("gpt2")
    shake(pl.attach(model, length=3))
    with torch.no_grad():
        assert which(torch.compile(model, fullgraph=True, backend="eager"), known_lone) == "prefix"


def test_select_works_in_a_compiled_model(lone, known_lone):
    torch._dynamo.reset()
    compiled = torch.compile(lone, fullgraph=True, backend="eager")
    for name in ("prefix", None, "prefix"):
        with pl.select(lone, name):
            assert which(compiled, known_lone) == name
    assert which(compiled, known_lone) == "prefix"


def test_a_compiled_model_asks_the_context_in_tasks_and_threads(lone, known_lone):
    torch._dynamo.reset()
    compiled = torch.compile(lone, backend="eager")
    with pl.select(lone, None):
        assert which(compiled, known_lone) is None
        assert isinstance(run_in_thread(lambda: compiled(**INPUTS)), ValueError)
        context = contextvars.copy_context()
        assert run_in_thread(lambda: context.run(which, compiled, known_lone)) is None

    async def work(name):
        with pl.select(lone, name):
            await asyncio.sleep(0)
            return which(compiled, known_lone)

    async def main():
        return await asyncio.gather(work(None), work("prefix"))

    assert asyncio.run(main()) == [None, "prefix"]


def test_a_compiled_generator_keeps_its_selection_inside_another_block(model, monkeypatch):
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    rows = attached(model).rows

    def asking():
        with pl.select(model, "polite"):
            while True:
                yield rows()

    generator = asking()
    assert next(generator) == ("polite",)
    with pl.select(model, "terse"):
        assert next(generator) == ("polite",)
        assert rows() == ("terse",)
    assert next(generator) == ("polite",)
    generator.close()


def test_compiled_tasks_keep_their_selections(model, monkeypatch):
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    rows = attached(model).rows

    async def work(name):
        with pl.select(model, name):
            await asyncio.sleep(0)
            return rows()

    async def main():
        return await asyncio.gather(work("polite"), work("terse"), work(None))

    assert asyncio.run(main()) == [("polite",), ("terse",), (None,)]


def test_compiled_blocks_of_one_thread_break_no_graph_to_ask(model, monkeypatch):
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    monkeypatch.setattr("prefix_lab.scopes._ask", None)
    rows = attached(model).rows
    with pl.select(model, "terse"), pl.select(model, ["polite", None]):
        assert rows() == ("polite", None)
    with pl.select(model, "polite"):
        assert rows() == ("polite",)


def test_a_copy_has_selections_of_its_own(lone, known_lone):
    with pl.select(lone, None):
        twin = copy.deepcopy(lone)
        loaded = pickle.loads(pickle.dumps(attached(lone)))
        assert which(twin, known_lone) == "prefix"
        assert loaded.rows() == ("prefix",)


# --- one at a time


def test_a_prefix_is_added_and_taken_off_while_the_others_stay():
    model = build("llama")
    with torch.no_grad():
        before = output_of(model, INPUTS)
        one = shake(pl.attach(model, length=3))
        first = output_of(model, INPUTS)
        two = {"terse": shake(pl.Prefix(one.config), seed=7)}
        assert pl.attach(model, two) is two
        assert pl.select(model, "prefix").run(output_of, model, INPUTS).equal(first)
        second = pl.select(model, "terse").run(output_of, model, INPUTS)
        assert not torch.equal(first, second)
        assert pl.detach(model, "prefix") is one
        assert torch.equal(output_of(model, INPUTS), second)
        assert pl.detach(model, "terse") is two["terse"]
        assert torch.equal(output_of(model, INPUTS), before)
    assert all(p.requires_grad for p in model.parameters())
    assert not hasattr(model, "attached_prefixes")


def test_an_added_prefix_may_enter_where_the_others_do_not():
    model = build("bart")
    encoder = pl.attach(model, length=2, kinds="encoder")
    pl.detach(model)
    cross = shake(pl.attach(model, length=2, kinds="cross"))
    expected = output_of(model, inputs_for(model))
    pl.detach(model)
    pl.attach(model, {"encoder": encoder})
    pl.attach(model, {"cross": cross})
    with pl.select(model, "cross"):
        assert torch.equal(output_of(model, inputs_for(model)), expected)


def test_an_added_prefix_enters_behind_sites_that_others_have_entered():
    model = build("t5")
    every = shake(pl.attach(model, length=2))
    expected = output_of(model, inputs_for(model))
    pl.detach(model)
    pl.attach(model, {"encoder": pl.attach(build("t5"), length=2, kinds="encoder")})
    pl.attach(model, {"every": every})
    with pl.select(model, "every"):
        assert torch.equal(output_of(model, inputs_for(model)), expected)


def test_a_name_that_is_taken_or_unknown_or_in_use_is_refused(model):
    one = pl.Prefix(attached(model).prefixes[0].config)
    with pytest.raises(ValueError, match="polite, which is attached already"):
        pl.attach(model, {"polite": one})
    with pytest.raises(ValueError, match="already has a prefix"):
        pl.attach(model, one)
    with pytest.raises(ValueError, match="name must be among polite, terse, got 'x'"):
        pl.detach(model, "x")
    with pl.select(model, "polite"), pytest.raises(ValueError, match="selected in an open"):
        pl.detach(model, "polite")
    assert attached(model).names == ("polite", "terse")


def test_checkpointing_inside_select_trains_as_without():
    model = build("llama").train()
    one = pl.attach(model, length=3)
    pl.detach(model)
    prefixes = pl.attach(model, {"polite": shake(one), "terse": shake(pl.Prefix(one.config), seed=4)})

    def gradients():
        for p in model.parameters():
            p.grad = None
        pl.select(model, ["polite", "terse"])(torch.tensor([[5, 6, 7], [8, 9, 5]])).logits.sin().sum().backward()
        return [p.grad.clone() for prefix in prefixes.values() for p in prefix.parameters()]

    plain = gradients()
    enable_checkpointing(model, use_reentrant=False)
    torch.testing.assert_close(gradients(), plain, atol=1e-5, rtol=1e-4)
