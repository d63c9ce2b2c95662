"""Requests at the Bank of Larkhaven: what each of its customers wants.

INTENTS maps a label to the act behind it, what the act may be about at a bank, and ways to hint at it that only a bank
hears. OF_BANKING77 names the label under which each intent of Banking77 would be filed here.
"""

from dataclasses import dataclass

CARD = "my <bank card|card|blue card|cheque book|savings book>"
ACCOUNT = "my <account|savings account|second account|old account|current account>"


@dataclass(frozen=True)
class Intent:
    """An intent of the bank's customers: an act of `words.ACTS` (or none), what it is about, hints at it."""

    act: str
    x: str
    hints: tuple[str, ...]


INTENTS = {
    "lost": Intent("lose", CARD, (
        "my card went overboard <between here and {town}|when the ferry rolled|as I waved to {name}>",
        "I <paid for a pie|bought herring> {spot} with my card, and I have not seen the card since",
        "my purse is here but the slot for the bank card is empty since I was {spot}",
        "<the goose|my dog|the baby> ate my card, or at least I cannot find it <|since {day}>",
        "I looked for my card {spot} and under the bed, and nothing",
        "nobody robbed me, I am just careless: no card since {day}")),
    "theft": Intent("steal", CARD, (
        "a stranger {spot} asked me the time, and afterwards my bank card was no longer in my coat",
        "they broke into my house at {place} and went off with the cheque book",
        "I saw him run, with my purse and my bank card in it, {spot}",
        "{name} <saw|watched> somebody cut my purse strings {spot}",
        "my card did not fall out of my pocket, it was pulled out {spot}")),
    "block": Intent("block", "my <card|bank card|account|cheque book|second card>", (
        "whoever finds my card must not get a single crown <out of it|before {day}>",
        "my {kin} spends too much, so let the card sleep until {day}",
        "I am off to sea until {day}, and no card of mine should pay for anything meanwhile",
        "no more payments with this card until I am back from {town}, please",
        "turn my card into a plain piece of paper <|until {day}>")),
    "pin": Intent("forget", "my <card|bank card|safe|savings book>", (
        "the machine {spot} asks for four digits and I can think of none",
        "I wrote the digits for my card on a note, and the note went into the wash <on {day}|{spot}>",
        "the machine {spot} will not tell me whether it was 4711 or 1147",
        "my head is empty when the machine {spot} wants the number of my card",
        "three wrong numbers {spot}, and now my card wants a new one",
        "I would like to choose another number for my card, one that I can keep in mind until {day}")),
    "late": Intent("late",
        "<my new card|my new bank card|my cheque book|the money from {name}|the cheque from {name}|my pension>", (
        "{name} says the money went off on {day}, but nothing has come in",
        "you <posted|sent> my new card to {town}, where nobody has seen it",
        "my wages should be on my account since {day}",
        "the postman has been here since {day} every morning, and never with my card",
        "you said three days for the transfer from {name}, and today is <{day}|the fifth>",
        "am I to grow old before the new card gets to {town}")),
    "balance": Intent("left", "my <account|savings account|bank account|current account|savings book>", (
        "have I enough for a hat of {sum}", "can I afford {sum} for a boat, or am I poor",
        "how rich am I since {day}", "did the wages of {day} bring me above {sum}",
        "am I in the black or in the red after {town}", "before I marry {name}, I want to know what I own here",
        "what stands at the bottom of my account after the {sum} from {name}")),
    "send": Intent("send", "{sum} <to {name}|to my {kin} in {town}|to the shop of {name}|for the rent to {name}>", (
        "{name} in {town} should have {sum} from my account by {day}",
        "I owe {name} {sum} for a boat, so please see that the money gets there",
        "{sum} from me, to the account of {name}", "my {kin} in {town} needs {sum}, and I have it",
        "let {sum} go over to {name} <|on {day}>", "pay {name} {sum} out of my account <|before {day}>")),
    "cancel": Intent("cancel",
        "<my payment to {name}|the transfer of {sum}|my cheque for {name}|the {sum} for {name}|my order for a "
            "cheque book>", (
        "I typed {sum} and meant a tenth of it, so please do not let it go out",
        "{name} is a swindler, so the money that I sent on {day} must not leave the house",
        "hold back the {sum} for {name}, if they are still here",
        "the rent at {place} is no longer mine to pay, so no more of it from {day}",
        "I sent {sum} to the wrong {name}, catch the money at the door")),
    "refused": Intent("refuse", "my <card|bank card|cheque|blue card|cheque for {sum}>", (
        "there is money on the account, and yet I could not pay for a coffee {spot}",
        "I wanted to pay {sum} {spot}, and the little lamp turned red",
        "my card is fine here and dead {spot}", "the transfer to {name} came back to me with no reason given",
        "{name} tore up my cheque and asked for coins", "why must I wash dishes {spot} when my card is good")),
    "twice": Intent("twice", "<the same coat|one loaf|a hat|the rent at {place}|the ferry to {town}|{sum}|the bill "
        "of {name}>", (
        "I bought one coat and the bank seems to think that I bought a pair, {sum} each",
        "my payment to {name} went off on {day} and again on the day after",
        "{sum} left my account, and a minute later another {sum}",
        "line seven and line eight say the same: {sum} for {name}",
        "I had one dinner {spot}, and my account was hit both before and after pudding")),
    "fee": Intent("price", "<a transfer to {town}|a second account|keeping a safe|a cheque book|paying with my card "
        "{spot}|a month of your service>", (
        "you took three crowns from me on {day} and I want to know for what",
        "what is this little sum that you help yourselves to every {day}",
        "do you take a cut when I pay {spot}", "will you keep a part of the {sum} that I send to {name}",
        "my {kin} pays nothing for the account, and I pay two crowns each {day}",
        "is the bank still free for people <in {town}|over sixty|who keep less than {sum}>")),
    "exchange": Intent("exchange", "<florins for crowns|{sum} for florins|my foreign coins for crowns|dollars for "
        "crowns|{n} ducats for crowns>", (
        "how many florins do I get for {sum}", "I go to {town} across the border, where they laugh at crowns",
        "my {kin} came home from sea with {n} ducats, and no shop takes them",
        "what is a ducat worth <today|on {day}s>", "I need the money of {town} before the ship sails on {day}",
        "is the rate for florins better on {day}")),
    "open": Intent("open", "<an account|a savings account|a current account|an account at your bank|a bank account>", (
        "I have kept my money in a sock until {day}, and now I want it to live with you",
        "our baby was born on {day}, and every child should begin with ten crowns in your books",
        "I want to become a customer of yours, like my {kin}",
        "what papers do you want from somebody from {town} who wishes to bank with you",
        "{name} and I are starting a shop, and it needs a place of its own for its money")),
    "close": Intent("close", ACCOUNT, (
        "I am going to sea for good on {day} and will need no bank",
        "give me all that is mine and tear out my page <|on {day}>",
        "the bank in {town} is kinder, so I shall leave you <|on {day}>",
        "my {kin} has died, and the account should die too",
        "two accounts are one too many, so away with the one from {town}")),
    "borrow": Intent("borrow", "{sum} for a <new boat|roof|cow|wedding|bakery|second goat|shop in {town}>", (
        "my roof has a hole and my purse too, and I thought of {sum} from you",
        "what would it take for you to put {sum} into my bakery at {place}",
        "I found a house at {place}, but I am {sum} short",
        "could I have {sum} now and earn it afterwards, on the herring of {day}",
        "{name} got {sum} from you for a boat, and I am as honest as {name}")),
    "owe": Intent("repay", "my <loan|debt|loan for the boat|loan of {sum}|loan for the house at {place}>", (
        "I sold the boat to {name}, so you can have your {sum} back",
        "I want to be rid of what I borrowed for the bakery <|by {day}>",
        "how many more rates of {sum} before the boat is mine",
        "my {kin} left me {sum}, which should go against the loan",
        "the loan for the roof: what is missing after the {sum} of {day}?")),
    "limit": Intent("raise", "<the limit of my card|my credit limit|the sum that I may spend in a day|my limit|the "
        "limit of my account>", (
        "I want to buy a boat for {sum} with my card, and it stops at fifty",
        "the machine never lets me have more than {sum} a day, which is not enough for a wedding",
        "let my card go up to {sum} <|from {day}>", "more than {sum} in one go, is that possible with my card?",
        "for the fair on {day} my card should be good for {sum}")),
    "statement": Intent("record", "<my account|all payments since {day}|what I paid to {name}|what came in last "
        "year|the last month>", (
        "the tax man of {town} wants to see what came in and went out, month by month",
        "my {kin} does not believe me, so give me black on white where the {sum} went",
        "I lost the papers that you send each month, the last one showed {sum}",
        "can I have the whole year on paper, with every payment to {name}",
        "print me everything from {day} to today")),
    "move": Intent("move", "you", (
        "the house at {place} is sold, and from {day} our letters belong to {town}",
        "I married {name}, so my door is now at {place}",
        "your letters go to my mother in {town}, but I have a roof of my own now",
        "the bank's post should find me at {place} <|as from {day}>")),
    "hours": Intent("hours", "you", (
        "how early must I get up to find a clerk on {day}", "can one still see a clerk after {time} on {day}",
        "do you sleep at noon, or can I come at {time}", "is the bank shut when the fair is at {place}",
        "I work until {time}, so tell me how long you sit there on {day}")),
    "deposit": Intent("", "{sum}", (
        "I have {sum} in coins in this sack and want them on my account",
        "I would like to pay in {sum} <|for my {kin}>",
        "can I put {sum} into my savings book here", "where do I hand in {sum} for my account",
        "please add these {sum} to what I have with you",
        "my herring brought {sum} on {day}, and you should keep them safe for me",
        "top up my account with the {sum} from {name}", "do you take a cheque from {name}, and put it on my account")),
    "withdraw": Intent("", "{sum}", (
        "I need {sum} in coins from my account", "may I take out {sum} <today|on {day}|here>",
        "give me {sum} of my own money, in small notes", "I want to have {sum} in my hand before the fair on {day}",
        "where is a machine that gives cash near {place}", "could you hand me {sum} from my savings, in silver",
        "the machine {spot} gave me nothing, so I must have my {sum} at the desk",
        "is it possible to draw {sum} at your desk on {day}")),
    "prove": Intent("", "you", (
        "what do I have to bring to show that I am really {name}",
        "my passport says {town}, does that do as an identity paper here?",
        "why do you want to see my face and my birth certificate on {day}",
        "I am {name}, and {name2} can swear to it, is that enough for you?",
        "which papers do you accept as evidence of who I am in {town}",
        "how long does it take until you believe that I am {name}",
        "you ask where my {sum} come from, and I have the papers here",
        "the clerk did not believe that I am {name}, even with my passport")),
    "spare": Intent("", "you", (
        "my {kin} should have a bank card too, for my account",
        "I would like a second card in case the first one is lost {spot}",
        "can you make me another card, in green, by {day}",
        "do I get a card of real brass like the one that {name} has",
        "my card is still good but runs out on {day}, so I need the next one",
        "one card for me and one more for {name}, please",
        "how do I get a card to go with my account before {day}",
        "is there such a card for children, for my {kin} in {town}")),
}  # fmt: skip

OF_BANKING77 = {
    "lost": "lost_or_stolen_card lost_or_stolen_phone card_swallowed",
    "theft": "card_payment_not_recognised cash_withdrawal_not_recognised direct_debit_payment_not_recognised",
    "block": "compromised_card",
    "pin": "change_pin passcode_forgotten pin_blocked",
    "late": "card_arrival card_delivery_estimate transfer_not_received_by_recipient transfer_timing "
        "pending_transfer pending_top_up "
    "pending_card_payment pending_cash_withdrawal Refund_not_showing_up",
    "balance": "balance_not_updated_after_bank_transfer balance_not_updated_after_cheque_or_cash_deposit",
    "send": "transfer_into_account receiving_money",
    "cancel": "cancel_transfer request_refund reverted_card_payment? top_up_reverted",
    "refused": "card_acceptance card_not_working contactless_not_working declined_card_payment "
        "declined_cash_withdrawal "
    "declined_transfer failed_transfer beneficiary_not_allowed virtual_card_not_working top_up_failed",
    "twice": "transaction_charged_twice",
    "fee": "card_payment_fee_charged cash_withdrawal_charge exchange_charge extra_charge_on_statement "
        "transfer_fee_charged "
    "top_up_by_bank_transfer_charge top_up_by_card_charge",
    "exchange": "card_payment_wrong_exchange_rate exchange_rate exchange_via_app fiat_currency_support "
    "wrong_exchange_rate_for_cash_withdrawal supported_cards_and_currencies",
    "open": "age_limit country_support",
    "close": "terminate_account",
    "limit": "disposable_card_limits top_up_limits",
    "move": "edit_personal_details",
    "deposit": "automatic_top_up top_up_by_cash_or_cheque topping_up_by_card verify_top_up apple_pay_or_google_pay",
    "withdraw": "atm_support wrong_amount_of_cash_received",
    "prove": "unable_to_verify_identity verify_my_identity verify_source_of_funds why_verify_identity",
    "spare": "activate_my_card card_about_to_expire card_linking get_disposable_virtual_card get_physical_card "
    "getting_spare_card getting_virtual_card order_physical_card visa_or_mastercard",
}  # fmt: skip
BANKING77 = tuple(sorted((name for filed in OF_BANKING77.values() for name in filed.split()), key=str.lower))
FILED = {name: label for label, filed in OF_BANKING77.items() for name in filed.split()}
