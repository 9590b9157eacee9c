// Given and family names that are frequent in census tables of many countries, lower case and without accents. Only
// evidence: a column is judged by how many of its values hold one, so gaps and odd entries do not decide.

const names = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

export const GIVEN_NAMES = names(`
aaron abdul abdullah abigail abraham ada adam adele adrian agnes ahmad ahmed aidan aisha alan albert alberto alejandra
alejandro alessandra alessandro alessia alex alexander alexandra alexis alfred ali alice alicia alina allan allen allison alma alvin
alyssa amalia amanda amber amelia amir amy ana anastasia andre andrea andreas andres andrew andy angel angela angelica
angelina anita anja ann anna annabelle anne annette annie anthony antoine anton antonella antonia antonio antony april
archie ariana arlene armando arnold arthur arturo ashley astrid audrey august aurora austin ava axel barbara barry
beatrice beatriz becky ben benjamin bernadette bernard bernd bernice beth bethany betty beverly bill billy björn blake bob bobby
bonnie brad bradley brandon brenda brendan brent brett brian brianna bridget britney brooke bruce bruno bryan bryce caleb
calvin cameron camila camille carina carl carla carlo carlos carmen carol carole carolina caroline carolyn carrie casey cassandra catalina
catherine cathy cecilia cedric celia celine cesar chad chantal charlene charles charlie charlotte chelsea cheryl chiara chloe
chris christa christian christiane christina christine christoph christophe christopher christy cindy claire clara clarence
claude claudia claudio clayton clement clifford clinton cody colin colleen connie connor conor constance cora corey cornelia
courtney craig cristian cristina crystal curtis cynthia daisy dale damian damien dan dana daniel daniela daniele danielle
danny daria darlene darren daryl dave david dawn dean deanna deborah debra deepak delia delores denis denise dennis derek derrick
desmond devin devon diana diane diego dieter dimitri dirk dmitry dolores dominic dominik don donald donna dora doreen doris
dorothy douglas duane dustin dwight dylan earl ebony eddie edgar edith edmund eduard eduardo edward edwin eileen elaine eleanor elena eli elias
elijah elisa elisabeth elise eliza elizabeth ella ellen elliot ellis elmer elsa elsie emil emilia emilie emilio emily emma emmanuel enrico
enrique eric erica erich erik erika erin ernest ernesto esmeralda esteban estelle esther ethan etienne eugene eva evan evelyn ezra
fabian fabio faith fatima felicia felipe felix fernanda fernando fiona flora florence florian frances francesca francesco
francis francisco franck francois frank franklin franz fred freddie frederic frederick frederik freya frieda friedrich gabriel gabriela gabriele
gabriella gail gareth garrett gary gavin gene genevieve geoffrey george georgia georgina gerald geraldine gerard gerhard gertrude gilbert gilles
gina gino giorgia giorgio giovanna giovanni giulia giuseppe gladys glen glenda glenn gloria gordon grace graham grant greg gregory greta
gretchen guadalupe guido guillermo gunter gustav gustavo guy gwen gwendolyn hannah hans harold harriet harry harvey hasan hassan
hazel heather heidi heiko heinrich heinz helen helena helene helga helmut henri henrik henry herbert herman hilda
holly homer horst howard hubert hugh hugo ian ibrahim ida ignacio igor ilse imran ines inga ingrid irene irina iris irma
irving isaac isabel isabella isabelle isaiah ismael ivan ivy jack jackie jacob jacqueline jacques jaime jake jakob jakub james jamie jan
jana jane janet janice janine jared jasmin jasmine jason javier jay jayne jean jeanette jeanne jeff jeffery jeffrey jenna jennifer jenny
jens jeremiah jeremy jermaine jerome jerry jesse jessica jesus jill jim jimmie jimmy jo joan joana joann joanna joanne joao joaquin jodi
joe joel joerg johan johann johanna johannes john johnathan johnnie johnny jon jonas jonathan jordan jorge jose josef josefa
joseph josephine josh joshua joy joyce juan juana juanita judith judy julia julian juliana julie juliette julio julius june jürgen justin justine kai
kaitlyn kamal karen karim karin karina karl karla karsten kate katelyn katharina katherine kathleen kathryn kathy katie katrin katrina kay kayla keith kelley
kelli kellie kelly kelvin ken kendra kenneth kent kerry kevin khadija kim kimberly kirk kirsten klaus krista kristen kristi kristin kristina kristine
krzysztof kumar kurt kyle lakshmi lana lance larry lars latoya laura lauren laurence laurent laurie lawrence lea leah leanne lee leila lena
leo leon leona leonard leonardo leroy leslie lester leticia levi lewis liam lidia liliana lillian lillie lily linda lindsay lindsey lionel lisa liz
lloyd lois lola lora loretta lori lorraine louis louisa louise luc luca lucas lucia luciana lucie lucille lucy luigi luis luisa lukas luke
luther luz lydia lynn mabel madeline madison mae magdalena maggie mahmoud malcolm malik mandy manfred manuel manuela marc marcel marcela marcella marcia
marco marcos marcus margaret margarita margot maria mariah marian mariana marianne marie mariam marilyn marina mario marion marisol marissa marjorie
mark marko markus marlene marsha marta martha martin martina marvin mary maryam masha mateo mathias mathieu matilda matt matteo matthew matthias
mattie maureen maurice max maxime maximilian maxine megan mehmet melanie melinda melissa melody melvin mercedes meredith mia michael michaela
michal michel michele michelle miguel mike mikhail mildred milton mina mindy minnie miranda miriam misty mitchell mohamed mohammad mohammed moises molly mona monica
monika monique morgan moritz morris muhammad muriel mustafa myra myrtle nadia nadine nancy naomi natalia natalie natasha nathan nathaniel neal neil nellie nelson
nestor nicholas nick nicola nicolas nicole nigel nikita niklas nikolai nina noah noel nora norbert norma norman olaf oleg olga olive oliver olivia
omar opal orlando oscar osman oswald otto owen pablo pam pamela paola paolo pascal patricia patrick patrik patti patty paul paula paulette paulina pauline paulo
pearl pedro peggy penelope penny percy perry pete peter petra phil philip philipp philippe phillip phyllis pierre pietro piotr polly preston priya rachel
rafael rahul raj rajesh ralf ralph ramiro ramon ramona randall randy raphael raquel raul ravi ray raymond rebecca regina reginald reinhard rene
renee rex rhonda ricardo riccardo richard rick ricky rita rob robert roberta roberto robin robyn rocio roderick rodney rodolfo rodrigo roger
roland rolf roman ron ronald ronnie rosa rosalie rosario rose rosemarie rosemary rosie ross roxanne roy ruben ruby rudolf rudolph rufus rupert russell ruth
ryan sabine sabrina sadie sally salma salvador salvatore sam samantha samir samuel sandra sandy sanjay santiago santos sara sarah sasha saul scott sean
sebastian selena serena serge sergei sergey sergio seth shane shannon shari sharon shaun shawn sheila shelby shelia shelley sheri sherri sherry sheryl
shirley sidney silke silvia simon simone sofia sofie sonia sonja sonya sophia sophie spencer stacey stacy stan stanley stefan stefania stefanie stella stephan stephanie
stephen steve steven stewart stuart sue sunita susan susana susanne suzanne svetlana sven sybil sylvia sylvie tabitha tamara tamara tammy tania tanja tanya tara tasha tatiana ted
terence teresa terrance terrell terri terry thelma theo theodore theresa therese thierry thomas thorsten tiffany tim timothy tina tobias toby todd tom tomas tommie tommy toni
tony tonya torsten tracey traci tracy travis trevor tricia tristan troy tyler tyrone ulrich ulrike umar ursula uwe valentina valeria valerie van vanessa velma vera verna
vernon veronica vicki vickie vicky victor victoria vijay vikram vincent vincenzo viola violet virgil virginia vito vivian viviane vladimir volker wade wallace
walter wanda warren wayne wendell wendy werner wesley wilbert wilfred wilhelm will willard willem william willie wilma winifred wolfgang xavier yan yasmin yolanda
yousef youssef yuri yusuf yves yvette yvonne zachary zoe zoran
`);

export const FAMILY_NAMES = names(`
abbott abraham acosta adams adkins aguilar aguirre ahmed albert alexander ali allen allison alvarado alvarez alves anderson andersen andersson
andrews anthony archer armstrong arnold ashley atkins atkinson austin avila ayala bailey baker baldwin ball ballard banks barber
barker barnes barnett barrera barrett barron barry bartlett barton bass bates bauer baumann bautista beck becker bell beltran bender bennett benson
berg berger bergmann bernard berry bertrand bianchi bishop black blackburn blair blake blanc blanchard bond bonilla booth bowen bowers bowman
boyd boyer boyle bradford bradley bradshaw brady brandt braun brennan brewer briggs brock brooks brown browning bruce brown bryan bryant buchanan buck
buckley bullock burgess burke burnett burns burton bush butler byrd byrne cabrera cain calderon caldwell calhoun callahan camacho cameron campbell campos cannon cantu
cardenas carey carlson carney carpenter carr carrillo carroll carson carter casey castaneda castillo castro cervantes chambers chan chandler chaney chang chapman charles
chavez chen cherry chevalier choi christensen christian clark clarke clayton clements cline cobb cochran cohen cole coleman colins collier collins colombo colon combs compton conley conner
conrad contreras conway cook cooke cooley cooper copeland cordova corona cortes cortez costa cowan cox craig crane crawford crosby cross cruz cummings cunningham curry curtis
dalton daniel daniels daugherty davenport david davidson davies davila davis dawson day dean decker delacruz deleon delgado dennis desai diaz dickerson dickson dietrich dillon dixon dominguez donaldson
donovan dorsey dougherty douglas downs doyle drake dubois duarte dudley duffy duke dumont duncan dunlap dunn dupont duran durand durham dyer eaton edwards ellis elliott ellison emerson engel english
erickson eriksson escobar esparza espinosa espinoza esposito estes estrada evans everett ewing farley farmer farrell faulkner ferguson fernandes fernandez ferrari ferrell fields figueroa finley fischer fisher fitzgerald
fitzpatrick fleming fletcher flores flowers floyd flynn foley fontaine forbes ford foreman foster fowler fox francis franco frank franke franklin franks frazier frederick freeman french friedrich frost fry frye fuchs
fuentes fuller gaines galindo gallagher gallegos gallo galloway galvan gamble garcia gardner garner garnier garrett garrison garza gates gentry george gibbs gibson gilbert giles gill gillespie gilmore giordano girard glass glenn
glover golden goldberg gomes gomez gonzales gonzalez good goodman goodwin gordon gould graham grant graves gray green greene greer gregory griffin griffith grimes gross guerra guerrero guerin guevara guillen
gunther gupta gutierrez guzman haas hahn hale haley hall hamilton hammond hampton hancock hansen hanson hardin harding hardy harmon harper harrell harrington harris harrison hart hartman hartmann harvey hawkins hayden hayes haynes
heath hebert hendricks henderson hendrix henry hensley henson herman hernandez herrera herring herrmann hess hester hickman hicks higgins hill hines hinton ho hobbs hodge hodges hoffman hoffmann hofmann hogan holden holder
holland holloway holmes holt hood hooper hoover hopkins hopper horn horne horton hoover house houston howard howe howell huang hubbard huber hudson huerta huff huffman hughes hull humphrey hunt hunter hurley hurst
hussain hutchinson hutchison huynh ibarra ibrahim ingram ivanov jackson jacob jacobs jacobson jain james jansen janssen jarvis jefferson jenkins jennings jensen jimenez johansson johns johnson johnston johnston jones jordan joseph joyce juarez jung kaiser kane kaplan
kaufman kaufmann kaur keith keller kelley kelly kemp kennedy kent kerr khan kidd kim king kirby kirk klein kline knapp knight knox koch koenig kohler kowalski kowalczyk kraft kramer kraus krause kruger kumar kuhn lam lamb lambert landry lane lang lange lara larsen larson
laurent lawrence lawson le leach leblanc lee lefebvre leblond lehmann leon leonard leroy lester levine levy lewandowski lewis li lin lindsey little liu livingston lloyd logan long lopes lopez love lowe lowery lozano lucas lucero luna lynch lynn lyons macdonald macias mack
madden maddox mahoney maier maldonado malone mann manning maria marin marks marino marquez marsh marshall martin martinez martins mason massey mathews mathis matthews maxwell may mayer mayo maynard mays mcbride mccall mccann mccarthy mccarty mcclain mcclure mcconnell mccormick mccoy mccullough
mcdaniel mcdonald mcdowell mcfarland mcgee mcgrath mcguire mcintosh mcintyre mckay mckee mckenzie mckinney mcknight mclaughlin mclean mcmahon mcmillan mcneil mcpherson meadows medina mehta meier mejia melendez melton mendes mendez mendoza mercado mercer merritt mercier meyer meyers meza michael middleton miles miller mills miranda
mitchell molina monroe montes montgomery montoya moody moon moore mora morales moran moreau moreno morgan morin morris morrison morrow morse morton moses mosley moss moyer mueller mullen muller mullins munoz murillo murphy murray myers nash navarro neal nelson neumann newman newton nguyen nichols nicholson nielsen nixon noble
nolan norman norris norton nowak novak nunez obrien ochoa oconnell oconnor odom odonnell oliveira oliver olsen olson oneal oneill orozco orr ortega ortiz osborn osborne owen owens pace pacheco padilla page palmer park parker parks parra parrish parsons patel patrick patterson patton paul payne pearson peck pena
pennington pereira perez perkins perrin perry person peters petersen peterson petersson petit pham phelps phillips pickett pierce pineda pitts pollard ponce poole pope porter portillo potter potts powell powers pratt preston price prince proctor pruitt pugh quinn quintana ramirez ramos ramsey randall randolph rangel rao rasmussen ray raymond reed reese reeves reid reilly reyes
reynolds rhodes ribeiro ricci rice rich richard richards richardson richmond richter riddle riggs riley rios ritter rivas rivera rivers rizzo roach robbins roberson robert roberts robertson robinson robles rocha rodgers rodrigues rodriguez rogers rojas rollins roman romano romero rosales rosario rose ross rossi roth rousseau roux rowe rowland roy rubio ruiz rush russell russo russell ryan
salas salazar salinas salgado sampson sanchez sanders sandoval sanford santana santiago santos saunders savage sawyer schaefer schafer schmid schmidt schmitt schmitz schneider scholz schroeder schroder schubert schultz schulz schulze schwartz schwarz scott sellers serrano sexton shaffer shah shannon sharma sharp shaw shelton shepard shepherd sheppard sherman shields short silva simmons simon simpson sims singh singleton skinner sloan small smith
snow snyder solis solomon sosa soto sousa sparks spears spence spencer stafford stanley stanton stark steele stein stephens stephenson stevens stevenson stewart stokes stone stout strickland strong stuart suarez sullivan summers sutton swanson sweeney tanner tapia tate taylor terrell terry thomas thompson thornton tran travis trevino trujillo tucker turner tyler underwood valdez valencia valentine valenzuela
vance vargas vasquez vaughan vaughn vazquez vega velasquez velazquez velez villa villanueva villarreal vincent vogel vogt wade wagner walker wall wallace waller walls walsh walter walters walton wang ward ware warner warren washington waters watkins watson watts weaver webb weber webster weeks weiss welch wells werner west wheeler whitaker white whitehead whitney wiggins wilcox wiley wilkerson wilkins wilkinson
williams williamson willis wilson winters winkler wise wolf wolfe wong wood woodard woods woodward wozniak wright wu wyatt yang yates yilmaz york young yu zamora zavala zhang zhou ziegler zimmerman zimmermann zuniga
`);

/** Chinese family names of one character and Japanese ones of two. */
export const HAN_FAMILY_NAMES = names(`
王 李 张 張 刘 劉 陈 陳 杨 楊 黄 黃 赵 趙 吴 吳 周 徐 孙 孫 马 馬 朱 胡 郭 何 高 林 罗 羅 郑 鄭 梁 谢 謝 宋 唐 许 許 韩 韓 冯 馮 邓 鄧 曹 彭 曾 肖 萧 蕭 田 董 袁 潘 于 蒋 蔣 蔡 余 杜 叶 葉 程 苏 蘇 魏 吕 呂 丁 任 沈 姚 卢 盧 姜 崔 钟 鍾 谭 譚 陆 陸 汪 范 金 石 廖 贾 賈 夏 韦 付 方 白 邹 孟 熊 秦 邱 江 尹 薛 闫 段 雷 侯 龙 史 陶 黎 贺 顾 毛 郝 龚 邵 万 钱 严 武 戴 莫 孔 向 汤 常 温 康 施 文 牛 樊 葛 邢 安 齐 易 乔 伍 庞 颜 倪 庄 聂 章 鲁 岳 翟 殷 詹 申 欧 耿 关 兰 焦 俞 左 柳 甘 祝 包 宁 尚 符 舒 阮 柯 纪 梅 童 凌 毕 单 季 裴 霍 涂 成 苗 谷 盛 曲 翁 冉 骆 蓝 路 游 辛 靳 欧阳 管 柴 蒙 鲍 华 喻 祁 蒲 房 滕 屈 饶 解 牟 艾 尤 阳 时 穆 农 司 卓 古 吉 缪 简 车 项 连 芦 麦 褚 娄 窦 戚 岑 景 党 宫 费 卜 冷 晏 席 卫 米 柏 宗 瞿 桂 全 佟 应 臧 闵 苟 邬 边 卞 姬 师 和 仇 栾 隋 商 刁 沙 荣 巫 寇 桑 郎 甄 丛 仲 虞 敖 巩 明 佘 池 查 麻 苑 迟 邝
佐藤 鈴木 高橋 田中 伊藤 渡辺 山本 中村 小林 加藤 吉田 山田 佐々木 山口 松本 井上 木村 林 斎藤 清水 山崎 森 池田 橋本 阿部 石川 山下 中島 石井 小川 前田 岡田 長谷川 藤田 後藤 近藤 村上 遠藤 青木 坂本 斉藤 福田 太田 西村 藤井 金子 岡本 藤原 三浦 中野 中川 原田 松田 竹内 小野 田村 中山 和田 石田 森田 上田 原 内田 柴田 酒井 宮崎 横山 高木 安藤 宮本 大野 小島 谷口 工藤 今井 高田 増田 丸山 杉山 村田 大塚 新井 小山 平野 藤本 河野 上野 野口 武田 松井 千葉 岩崎 菅原 木下 久保 佐野 野村 松尾
`);
