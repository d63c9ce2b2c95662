"""English and Chinese words of the letters between Larkhaven and Qingwan, its sister city; pretraining reads them too.

A table is one text: "book=书/本; letter=信/封" is English, Chinese and, where things are counted, the measure word.
`[plain|formal]` holds what depends on the register: "[周|星期]" is 周 in a plain text and 星期 in a formal one.
"""


def table(text: str) -> tuple[tuple[str, ...], ...]:
    """The entries of a table, each a tuple of its parts."""
    return tuple(tuple(part.strip() for part in entry.replace("=", "/").split("/")) for entry in text.split(";"))


# --- things that are counted: English, Chinese, measure word

PAPERS = table("book=书/本; newspaper=报纸/份; map=地图/张; ticket=票/张")
PHOTOGRAPHS = table("photograph=照片/张")
PAINTINGS = table("painting=画/幅")
LETTERS = table("letter=信/封")
HOUSEHOLD = table(
    "table=桌子/张; chair=椅子/把; umbrella=雨伞/把; cup=杯子/个; bowl=碗/个; plate=盘子/个; basket=篮子/个; "
    "lantern=灯笼/个; box=箱子/个; bag=包/个; knife=刀/把; bed=床/张"
)
CLOTHES = table("hat=帽子/顶; coat=大衣/件; pair of shoes=鞋/双; pair of gloves=手套/双")
FLOWERS = table("flower=花/朵")
VEHICLES = table("ship=船/艘; ferry=渡轮/艘; fishing boat=渔船/条; train=火车/列; car=汽车/辆; bicycle=自行车/辆")
LINES = table("ferry=渡轮; train=火车")
ANIMALS = table(
    "horse=马/匹; cow=牛/头; pig=猪/头; sheep=羊/只; duck=鸭子/只; chicken=鸡/只; cat=猫/只; dog=狗/只; bird=鸟/只"
)
FISH = table("fish=鱼/条")
PLANTS = table("tree=树/棵; apple tree=苹果树/棵; pear tree=梨树/棵; peach tree=桃树/棵")
BUILDINGS = table(
    "house=房子/座; bridge=桥/座; tower=塔/座; school=学校/所; shop=商店/家; teahouse=茶馆/家; library=图书馆/座; "
    "garden=花园/座; museum=博物馆/座; hospital=医院/家; theatre=剧院/座; lighthouse=灯塔/座"
)
WORKS = table("song=歌/首; poem=诗/首; story=故事/个")
EVENTS = table("concert=音乐会/场; match=比赛/场; meeting=会议/次; exhibition=展览/次")
EDIBLE = table("bun=包子/个; dumpling=饺子/个")
JOBS = table(
    "teacher=老师/位; doctor=医生/位; captain=船长/位; cook=厨师/[个|名]; farmer=农民/[个|名]; student=学生/[个|名]; "
    "painter=画家/位; singer=歌手/[个|名]; worker=工人/[个|名]; musician=音乐家/位"
)
PEOPLE = JOBS + table("guest=客人/位; friend=朋友/个; visitor=游客/[个|名]; child=孩子/个")
PUPILS = JOBS[:1] + table("student=学生/[个|名]; child=孩子/个")
THINGS = (
    *(PAPERS + PHOTOGRAPHS + PAINTINGS + LETTERS + HOUSEHOLD + CLOTHES + FLOWERS + VEHICLES + ANIMALS + FISH + PLANTS),
    *(BUILDINGS + WORKS + EVENTS + EDIBLE),
)

ADJECTIVES = {  # which adjectives go with which things
    PAPERS: table("new=新; old=旧"),
    PHOTOGRAPHS: table("new=新; old=旧"),
    PAINTINGS: table("new=新; old=旧; beautiful=美丽的; famous=著名的"),
    LETTERS: table("new=新; old=旧; long=长; short=短"),
    FLOWERS: table("beautiful=美丽的; red=红色的; white=白色的"),
    HOUSEHOLD: table("new=新; old=旧; big=大; small=小; beautiful=美丽的; red=红色的; blue=蓝色的; white=白色的"),
    CLOTHES: table("new=新; old=旧; beautiful=美丽的; red=红色的; blue=蓝色的; white=白色的; black=黑色的"),
    VEHICLES: table("new=新; old=旧; red=红色的; blue=蓝色的; white=白色的"),
    ANIMALS: table("little=小; white=白; black=黑"),
    FISH: table("big=大; small=小"),
    PLANTS: table("big=大; small=小"),
    BUILDINGS: table("new=新; ancient=古老的; big=大; small=小; beautiful=美丽的; famous=著名的"),
    WORKS: table("new=新; old=老; beautiful=美丽的; famous=著名的"),
    EVENTS: table("large=大型"),
    EDIBLE: table("big=大; small=小; fresh=新鲜的"),
    JOBS: table("young=年轻的"),
    PEOPLE: table("young=年轻的"),
    PUPILS: table("new=新; young=年轻的"),
}
PLURALS = {"sheep": "sheep", "fish": "fish", "knife": "knives"}

# --- things that are measured: English, Chinese; and what they are measured in

DRINKS = table("tea=茶; milk=牛奶; water=水; apple juice=苹果汁; wine=酒")
BOWLFULS = table("soup=汤; rice=米饭; noodles=面条; dumplings=饺子; fish soup=鱼汤")
SACKFULS = table("rice=大米; flour=面粉; sugar=糖; salt=盐")
FRUIT = table("apples=苹果; pears=梨; peaches=桃子")
VEGETABLES = table("potatoes=土豆; cabbages=白菜; onions=洋葱")
EGGS = table("eggs=鸡蛋; buns=包子")
BOXFULS = table("tea=茶叶; books=书; paper=纸; silk=丝绸; salted fish=咸鱼; medicine=药")
BOTTLEFULS = table("oil=油; milk=牛奶; wine=酒; apple juice=苹果汁")
MEASURED = {  # what is measured -> in what: English, Chinese
    DRINKS: table("cup=杯"),
    BOWLFULS: table("bowl=碗"),
    SACKFULS: table("sack=袋; kilo=公斤"),
    FRUIT: table("basket=篮; box=箱; kilo=公斤"),
    VEGETABLES: table("basket=篮; sack=袋; kilo=公斤"),
    EGGS: table("basket=篮; box=箱"),
    BOXFULS: table("box=箱"),
    BOTTLEFULS: table("bottle=瓶; barrel=桶"),
}
SPOONFULS = table("salt=盐; sugar=糖; oil=油; flour=面粉")
WARES = (SACKFULS, FRUIT, VEGETABLES, EGGS, BOXFULS, BOTTLEFULS)

# --- people and places

KIN = table(
    "mother=[妈妈|母亲]; father=[爸爸|父亲]; big brother=哥哥; little brother=弟弟; big sister=姐姐; "
    "little sister=妹妹; grandmother=奶奶; grandfather=爷爷; uncle=叔叔; son=儿子; daughter=女儿; friend=朋友"
)
TITLES = table("Mr=先生; Ms=女士; Mayor=市长; Captain=船长; Doctor=医生")
MEN = (
    "Albert Amos Basil Bruno Carl Daniel Edwin Emil Felix Frank Gus Henry Hugo Ivan Jack Jonas Karl Leo Max Oscar Otto "
    "Percy Sam Silas Theo Tom Victor Walter"
).split()
SPOTS = table(
    "market=市场; library=图书馆; station=车站; museum=博物馆; hospital=医院; school=学校; park=公园; theatre=剧院; "
    "harbour=港口; town hall=市政厅; teahouse=茶馆; bookshop=书店; square=广场; farm=农场; "
    "lighthouse=灯塔"
)
HALLS = table(
    "library=图书馆; museum=博物馆; theatre=剧院; town hall=市政厅; school=学校; teahouse=茶馆; bookshop=书店"
)
ROOMS = table("kitchen=厨房; garden=花园; classroom=教室; house=房子; shop=商店")
TOWN_WORDS = table(
    "sister city=友好城市; delegation=代表团; choir=合唱团; town=城市; sea=海; river=河; gift=礼物; recipe=菜谱; "
    "name=名字; price=价钱; weather=天气; birthday=生日; holiday=节日; notice=通知; timetable=时间表; money=钱; "
    "door=门; window=窗户; Chinese=中文; English=英语; music=音乐; history=历史; visit=访问; invitation=邀请; "
    "festival=节; office=办公室; reply=回信; Qingwan=清湾; goods=货物; our town=[我们市|本市]; "
    "your town=[你们市|贵市]; people=人; party=晚会; free of charge=免费; welcome=欢迎; thank you=[谢谢|感谢]; "
    "sorry=[对不起|抱歉]; year=年; month=月; day=[天|日]; week=[星期|周]; hour=小时; minute=分钟"
)
CLOSINGS = table(
    "notice is hereby given=特此通知; you are warmly invited=敬请光临; we await your reply=盼复; "
    "with our thanks=谨此致谢; with our apologies=谨此致歉; with best wishes=此致敬礼"
)
FESTIVALS = table(
    "Lantern Festival=灯节; Tea Festival=茶节; Music Festival=音乐节; Book Festival=读书节; Sea Festival=海洋节; "
    "Flower Festival=花节; Fruit Festival=水果节"
)
GROUPS = table("delegation=代表团; choir=合唱团; orchestra=乐团; dance group=舞团")
SUBJECTS = table("English=英语; Chinese=中文; music=音乐; history=历史")
SKILLS = table("draw=画画; sing=唱歌; dance=跳舞; cook=做饭; write=写字; speak Chinese=说中文")
DOING = table(
    "cooking=做饭; singing=唱歌; working=工作; resting=休息; drawing=画画; drinking tea=喝茶; reading a book=看书; "
    "writing a letter=写信; washing the plates=洗盘子; waiting for a friend=等朋友"
)

# --- time and weather

WEEKDAYS = table("Monday=一; Tuesday=二; Wednesday=三; Thursday=四; Friday=五; Saturday=六; Sunday=日")
MONTHS = "January February March April May June July August September October November December".split()
SEASONS = table("spring=春天; summer=夏天; autumn=秋天; winter=冬天")
PAST = table(
    "yesterday=[昨天|昨日]; last week=[上个星期|上周]; last month=上个月; last year=去年; this morning=今天早上"
)
SOON = table("tomorrow=[明天|明日]; this evening=今天晚上; next week=[下个星期|下周]")
FUTURE = SOON + table("next month=下个月; next year=明年")
HABITS = table("every day=每天; every morning=每天早上; every evening=每天晚上; every week=每个星期; every year=每年")
SPANS = table("minute=分钟; hour=个小时; day=天; week=个星期; month=个月; year=年")
RAIN = table("rain=雨; snow=雪")
FEELS = table("cold=冷; hot=热; warm=暖和")
PRICED = table("cheap=便宜; expensive=贵")
GOOD_FOR_THINGS = table("new=新; old=旧; cheap=便宜; expensive=贵; beautiful=漂亮; clean=干净")
GOOD_FOR_PLACES = table("big=大; small=小; quiet=安静; clean=干净; famous=有名; beautiful=漂亮")
GOOD_FOR_PEOPLE = table("busy=忙; tired=累; happy=高兴; young=年轻; tall=高")
GOOD_FOR_FOOD = table("delicious=好吃; fresh=新鲜; expensive=贵; cheap=便宜")
TODAY = table("busy=忙; tired=累; happy=高兴")
TOO = table("salty=咸; hot=热; cold=冷")


def entries() -> list[tuple[str, ...]]:
    """Every entry that means something by itself, once."""
    tables = [value for value in globals().values() if isinstance(value, tuple) and isinstance(value[0], tuple)]
    alone = [table for table in tables if isinstance(table[0][0], str) and table not in (WEEKDAYS, SPANS)]
    return list(dict.fromkeys(entry for table in (*alone, *ADJECTIVES.values()) for entry in table))
